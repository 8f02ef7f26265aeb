import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { BundleSource } from './bundle-source.ts';
import { InvalidBundleError } from './invalid-bundle-error.ts';

/** Creates a source that reads a bundle from a directory. `list` rejects for anything but files and folders. */
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
            `${JSON.stringify(path)} is a link or a special file; a bundle contains regular files only.`,
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
