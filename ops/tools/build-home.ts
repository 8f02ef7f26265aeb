import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const PARTIAL = '.partial-';

/**
 * Builds a tool's directory atomically: `build` fills a temporary sibling, which is then renamed. When `build` throws, the
 * temporary directory is removed and the previous one stays. The caller must hold the cache's lock.
 */
export async function buildHome(home: string, build: (partial: string) => Promise<void>): Promise<void> {
  const partial = join(dirname(home), `${PARTIAL}${basename(home)}`);
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  try {
    await build(partial);
    await rm(home, { recursive: true, force: true });
    await rename(partial, home);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Removes the temporary directories of killed runs. The caller must hold the cache's lock. */
export async function removePartialHomes(cache: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    if (entry.startsWith(PARTIAL)) await rm(join(cache, entry), { recursive: true, force: true });
  }
}
