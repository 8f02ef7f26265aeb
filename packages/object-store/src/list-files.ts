import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '@aion/errors';
import { INCOMPLETE_FOLDER } from './assert-object-key.ts';
import type { ObjectEntry } from './object-store.ts';

/** Lists the files below a directory whose relative path begins with `prefix`, in byte order. */
export function listFiles(root: string, prefix: string): AsyncIterable<ObjectEntry> {
  return walk(root, '', prefix);
}

/** Reads the entries of a folder in byte order of the keys below them: a folder sorts with its slash. */
async function readSorted(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    // The folder was deleted while it was listed, or nothing was ever stored.
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  const sortKey = (entry: Dirent) => Buffer.from(entry.isDirectory() ? `${entry.name}/` : entry.name);
  return entries.sort((a, b) => sortKey(a).compare(sortKey(b)));
}

async function* walk(root: string, folderKey: string, prefix: string): AsyncGenerator<ObjectEntry> {
  for (const entry of await readSorted(join(root, folderKey))) {
    const key = `${folderKey}${entry.name}`;
    if (entry.isDirectory()) {
      const inner = `${key}/`;
      const mayMatch = inner.startsWith(prefix) || prefix.startsWith(inner);
      if (mayMatch && key !== INCOMPLETE_FOLDER) yield* walk(root, inner, prefix);
    } else if (entry.isFile() && key.startsWith(prefix)) {
      const found = await stat(join(root, key)).catch((error: unknown) => {
        if (errorCode(error) === 'ENOENT') return undefined;
        throw error;
      });
      if (found !== undefined) yield { key, bytes: found.size };
    }
  }
}
