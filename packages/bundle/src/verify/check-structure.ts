import type { BundleSource } from '../bundle-source.ts';
import { MANIFEST_PATH, TAG_FILES } from '../writer/tag-files.ts';
import { findRepeated, assertNoProblems, type Passed } from './check-list.ts';

/** Allowed paths: no `.`/`..`, no slash at either end, no control or shell characters. */
const SAFE_PATH = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;

/** Lists the bundle; rejects paths that are unsafe, duplicate, missing or not part of a bundle. */
export async function checkStructure(source: BundleSource): Promise<Passed<ReadonlySet<string>>> {
  const paths = await source.list();
  const allowed = new Set<string>(Object.values(TAG_FILES));
  const set = new Set(paths);
  assertNoProblems([
    ...paths.filter((path) => !SAFE_PATH.test(path)).map((path) => `${JSON.stringify(path)} is not a safe path`),
    // Case is ignored: on many file systems the second file would overwrite the first.
    ...findRepeated(paths.map((path) => path.toLowerCase())).map((path) => `${path} is present twice`),
    ...[...allowed, MANIFEST_PATH].filter((path) => !set.has(path)).map((path) => `${path} is missing`),
    ...paths
      .filter((path) => !path.startsWith('data/') && !allowed.has(path))
      .map((path) => `${JSON.stringify(path)} does not belong in a bundle`),
  ]);
  return { message: `${paths.length} files, none missing, none extra outside of data/`, value: set };
}
