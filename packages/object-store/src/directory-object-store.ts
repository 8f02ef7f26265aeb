import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, readdir, rename, rm, rmdir, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { Readable } from 'node:stream';
import { errorCode } from '@aion/errors';
import { assertObjectKey, INCOMPLETE_FOLDER } from './assert-object-key.ts';
import { listFiles } from './list-files.ts';
import { ObjectNotFoundError } from './object-not-found-error.ts';
import type { ObjectEntry, ObjectRange, ObjectStore } from './object-store.ts';
import { withObjectSpan } from './with-object-span.ts';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
/** Age without growth after which an upload counts as abandoned by a process that no longer exists. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;
const MAX_RENAME_ATTEMPTS = 5;

/**
 * Stores objects as files of mode 600 in one directory. An object is written to `.incomplete`, flushed to disk and then
 * renamed into place.
 */
export class DirectoryObjectStore implements ObjectStore {
  readonly #root: string;
  #staleDeleted: Promise<void> | undefined;

  /** @param root created at the first write */
  constructor(root: string) {
    this.#root = root;
  }

  put(key: string, body: Readable | Buffer): Promise<{ bytes: number }> {
    return withObjectSpan('put object', 'directory', async (setBytes) => {
      const bytes = await this.#write(this.#fileOf(key), body);
      setBytes(bytes);
      return { bytes };
    });
  }

  get(key: string, range?: ObjectRange): Promise<Readable> {
    return withObjectSpan('get object', 'directory', async (setBytes) => {
      const handle = await this.#open(key);
      try {
        const { size } = await handle.stat();
        const { start, end } = range === undefined ? { start: 0, end: size - 1 } : clampRange(key, range, size);
        setBytes(end - start + 1);
        if (size > 0) return handle.createReadStream({ start, end, highWaterMark: 256 * 1024 });
        await handle.close();
        return Readable.from([], { objectMode: false });
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
  }

  async head(key: string): Promise<{ bytes: number } | undefined> {
    try {
      const found = await stat(this.#fileOf(key));
      return found.isFile() ? { bytes: found.size } : undefined;
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  }

  list(prefix: string): AsyncIterable<ObjectEntry> {
    return listFiles(this.#root, prefix);
  }

  async delete(key: string): Promise<void> {
    const file = this.#fileOf(key);
    try {
      await rm(file, { force: true });
      // Folders exist for their objects only; the loop ends at the first folder that is not empty.
      for (let folder = dirname(file); folder.startsWith(this.#root + sep); folder = dirname(folder))
        await rmdir(folder);
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'ENOTEMPTY', 'ENOTDIR', 'EEXIST')) throw error;
    }
  }

  async ping(): Promise<void> {
    await mkdir(this.#root, { recursive: true, mode: FOLDER_MODE });
    await access(this.#root, constants.R_OK | constants.W_OK);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #fileOf(key: string): string {
    assertObjectKey(key);
    return join(this.#root, ...key.split('/'));
  }

  /** Deletes uploads that crashed processes left behind, once per store. */
  async #deleteStale(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    for (const name of await readdir(folder)) {
      const file = join(folder, name);
      const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }));
      if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) await rm(file, { force: true });
    }
  }

  /** Renames a file into place; retries when a concurrent `delete` removed the empty folder. */
  async #moveIntoPlace(temporary: string, file: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await mkdir(dirname(file), { recursive: true, mode: FOLDER_MODE });
        return await rename(temporary, file);
      } catch (error) {
        if (!hasCode(error, 'ENOENT') || attempt === MAX_RENAME_ATTEMPTS) throw error;
      }
    }
  }

  async #write(file: string, body: Readable | Buffer): Promise<number> {
    const folder = join(this.#root, INCOMPLETE_FOLDER);
    await (this.#staleDeleted ??= this.#deleteStale(folder));
    const temporary = join(folder, randomUUID());
    try {
      const handle = await open(temporary, 'wx', FILE_MODE);
      let bytes: number;
      try {
        bytes = await writeDurably(handle, body);
      } finally {
        await handle.close();
      }
      await this.#moveIntoPlace(temporary, file);
      await syncFolder(dirname(file));
      return bytes;
    } catch (error) {
      if (!Buffer.isBuffer(body)) body.destroy();
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async #open(key: string): Promise<FileHandle> {
    let handle: FileHandle;
    try {
      handle = await open(this.#fileOf(key), 'r');
    } catch (error) {
      throw hasCode(error, 'ENOENT', 'ENOTDIR') ? new ObjectNotFoundError(key, { cause: error }) : error;
    }
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
    throw new ObjectNotFoundError(key);
  }
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(errorCode(error) ?? '');
}

/** Makes a rename durable. A missing folder means that the object was deleted in the meantime. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (handle === undefined) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes `body` completely and flushes it to disk; returns its size. */
async function writeDurably(handle: FileHandle, body: Readable | Buffer): Promise<number> {
  await handle.writeFile(body);
  await handle.sync();
  return (await handle.stat()).size;
}

/** Limits a range to the size of the object. @throws {RangeError} when the range does not start in the object */
function clampRange(key: string, { start, end }: ObjectRange, size: number): ObjectRange {
  if (start >= 0 && start <= end && start < size) return { start, end: Math.min(end, size - 1) };
  throw new RangeError(`The range ${start}-${end} does not start in ${JSON.stringify(key)}, which has ${size} bytes.`);
}
