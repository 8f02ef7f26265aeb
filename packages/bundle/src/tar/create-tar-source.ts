import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { BundleSource } from '../bundle-source.ts';
import { InvalidBundleError } from '../invalid-bundle-error.ts';
import { BLOCK_BYTES, decodePaxRecords, decodeTarHeader, paddingOf, type TarHeader } from './tar-header.ts';

interface Member {
  readonly path: string;
  readonly start: number;
  readonly bytes: number;
}

/** Fields of a member from an extended header before it. */
interface Extension {
  readonly path?: string;
  readonly bytes?: number;
}

const MAX_EXTENSION_BYTES = 64 * 1024;

/** Creates a source that reads a bundle from an uncompressed tar archive, without extracting it. */
export function createTarSource(file: string): BundleSource {
  let index: Promise<Member[]> | undefined;
  return {
    async list() {
      index ??= readIndex(file);
      return (await index).map(({ path }) => path);
    },
    async read(path) {
      index ??= readIndex(file);
      const member = (await index).find((candidate) => candidate.path === path);
      if (member === undefined) throw new Error(`${path} is not in ${file}.`);
      if (member.bytes === 0) return Readable.from([]);
      const { start, bytes } = member;
      return createReadStream(file, { start, end: start + bytes - 1, highWaterMark: 256 * 1024 });
    },
  };
}

async function readExactly(handle: FileHandle, start: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  let filled = 0;
  while (filled < bytes) {
    const { bytesRead } = await handle.read(buffer, filled, bytes - filled, start + filled);
    if (bytesRead === 0) throw new InvalidBundleError('The tar archive is truncated.');
    filled += bytesRead;
  }
  return buffer;
}

/** Reads a pax header (type `x`) or a long name of GNU tar (type `L`). */
async function readExtension(handle: FileHandle, type: string, start: number, bytes: number): Promise<Extension> {
  if (bytes > MAX_EXTENSION_BYTES)
    throw new InvalidBundleError(`The tar archive has an extended header of ${bytes} bytes.`);
  const data = await readExactly(handle, start, bytes);
  if (type === 'L') return { path: data.toString('utf8').replace(/\0+$/, '') };
  const records = decodePaxRecords(data);
  const path = records.get('path');
  const size = records.get('size');
  return { ...(path === undefined ? {} : { path }), ...(size === undefined ? {} : { bytes: Number(size) }) };
}

/** Reads the headers of all regular files of an archive in their order; ignores folders and rejects anything else. */
async function readMembers(handle: FileHandle): Promise<Member[]> {
  const members: Member[] = [];
  let extension: Extension = {};
  let offset = 0;
  let header = await readHeader(handle, offset);
  while (header !== undefined) {
    const start = offset + BLOCK_BYTES;
    const { type } = header;
    let { bytes } = header;
    if (type === 'x' || type === 'L') {
      extension = { ...extension, ...(await readExtension(handle, type, start, bytes)) };
    } else {
      const member = { path: header.path, bytes, ...extension, start };
      extension = {};
      bytes = member.bytes;
      if (type === '0') members.push(member);
      else if (type !== '5' && type !== 'g') {
        throw new InvalidBundleError(
          `The tar member ${JSON.stringify(member.path)} is a link or a special file (type ${type}); a bundle contains regular files only.`,
        );
      }
    }
    offset = start + bytes + paddingOf(bytes);
    header = await readHeader(handle, offset);
  }
  return members;
}

async function readHeader(handle: FileHandle, offset: number): Promise<TarHeader | undefined> {
  return decodeTarHeader(await readExactly(handle, offset, BLOCK_BYTES));
}

/** Removes the common folder from the paths. */
function stripFolder(members: readonly Member[]): Member[] {
  const folder = members[0]?.path.split('/')[0] ?? '';
  if (folder === '..')
    throw new InvalidBundleError(`The tar member ${JSON.stringify(members[0]?.path)} leads out of the archive.`);
  return members.map((member) => {
    if (member.path.startsWith(`${folder}/`)) return { ...member, path: member.path.slice(folder.length + 1) };
    throw new InvalidBundleError(
      `The tar member ${JSON.stringify(member.path)} is not in the folder "${folder}" of the first file of the archive.`,
    );
  });
}

async function readIndex(file: string): Promise<Member[]> {
  const handle = await open(file, 'r');
  try {
    return stripFolder(await readMembers(handle));
  } finally {
    await handle.close();
  }
}
