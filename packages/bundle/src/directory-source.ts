import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorCode } from '@aion/errors';
import type { BundleSink, BundleSource } from './bundle-ports.ts';
import { InvalidBundleError } from './invalid-bundle-error.ts';

/** Reads a bundle from a directory. Anything but files and folders in it makes `list` reject. */
export function createDirectorySource(directory: string): BundleSource {
  return {
    async list() {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true });
      const paths: string[] = [];
      for (const entry of entries) {
        const path = relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/');
        if (entry.isFile()) paths.push(path);
        else if (!entry.isDirectory()) {
          throw new InvalidBundleError(
            `${JSON.stringify(path)} is a link or a special file; a bundle holds plain files only.`,
          );
        }
      }
      return paths.sort();
    },
    read(path) {
      return Promise.resolve(createReadStream(join(directory, path), { highWaterMark: 256 * 1024 }));
    },
  };
}

/** Writes a bundle into a directory, with mode 600. A file that is there already is never replaced. */
export function createDirectorySink(directory: string): BundleSink {
  return { put: (path, body) => writeNewFile(join(directory, path), body) };
}

async function writeNewFile(file: string, body: Readable): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  try {
    await pipeline(body, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') await rm(file, { force: true });
    throw error;
  }
}
