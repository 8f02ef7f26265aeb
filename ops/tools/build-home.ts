import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const PARTIAL = '.partial-';

/**
 * Makes a tool's directory all at once: `build` fills a temporary one beside it, which is then renamed. When
 * `build` throws, the temporary directory is removed and what was there before stays. Needs the cache's lock.
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

/** Removes what killed runs left behind. Needs the cache's lock. */
export async function removePartialHomes(cache: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    if (entry.startsWith(PARTIAL)) await rm(join(cache, entry), { recursive: true, force: true });
  }
}
