import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { BundleSource } from '../bundle-ports.ts';
import { InvalidBundleError } from '../invalid-bundle-error.ts';
import { BLOCK_BYTES, decodePaxRecords, decodeTarHeader, paddingOf } from './tar-header.ts';

interface Member {
  readonly path: string;
  readonly start: number;
  readonly bytes: number;
}

/** What a header in front of a member says about it. */
interface Extension {
  readonly path?: string;
  readonly bytes?: number;
}

const MAX_EXTENSION_BYTES = 64 * 1024;

/** Reads a bundle from an uncompressed tar archive, without extracting it. */
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
      if (member === undefined) throw new Error(`${path} is not in ${file}`);
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
    if (bytesRead === 0) throw new InvalidBundleError('The tar archive is cut off.');
    filled += bytesRead;
  }
  return buffer;
}

/** Reads a pax header (`x`) or a long name of GNU tar (`L`). */
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

/** All regular files of an archive, in their order; folders are passed over, everything else is refused. */
async function readMembers(handle: FileHandle): Promise<Member[]> {
  const members: Member[] = [];
  let extension: Extension = {};
  for (let offset = 0; ;) {
    const header = decodeTarHeader(await readExactly(handle, offset, BLOCK_BYTES));
    if (header === undefined) return members;
    const start = offset + BLOCK_BYTES;
    const { type } = header;
    if (type === 'x' || type === 'L') {
      extension = { ...extension, ...(await readExtension(handle, type, start, header.bytes)) };
      offset = start + header.bytes + paddingOf(header.bytes);
      continue;
    }
    const member = { path: header.path, bytes: header.bytes, ...extension, start };
    extension = {};
    if (type === '0') members.push(member);
    else if (type !== '5' && type !== 'g') {
      throw new InvalidBundleError(
        `The tar member ${JSON.stringify(member.path)} is a link or a special file (type ${type}); a bundle holds plain files only.`,
      );
    }
    offset = start + member.bytes + paddingOf(member.bytes);
  }
}

/** Takes the one common folder off the paths. */
function stripFolder(members: readonly Member[]): Member[] {
  const folder = members[0]?.path.split('/')[0] ?? '';
  if (folder === '..')
    throw new InvalidBundleError(`The tar member ${JSON.stringify(members[0]?.path)} leads out of the archive.`);
  return members.map((member) => {
    if (member.path.startsWith(`${folder}/`)) return { ...member, path: member.path.slice(folder.length + 1) };
    throw new InvalidBundleError(
      `The tar member ${JSON.stringify(member.path)} is not in the folder "${folder}", in which the archive's first file is.`,
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
