import type { BundleSource } from '../bundle-ports.ts';
import { MANIFEST_PATH, TAG_FILES } from '../writer/bag-texts.ts';
import { findRepeated, refuseProblems, type Passed } from './check-list.ts';

/** One segment of an allowed path: no `.`/`..`, no slash at either end, no control or shell characters. */
const SAFE_PATH = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;

/** Lists the bundle and refuses names that are unsafe, double, missing or not of a bundle. */
export async function checkStructure(source: BundleSource): Promise<Passed<ReadonlySet<string>>> {
  const paths = await source.list();
  const allowed = new Set<string>(Object.values(TAG_FILES));
  const set = new Set(paths);
  refuseProblems([
    ...paths.filter((path) => !SAFE_PATH.test(path)).map((path) => `${JSON.stringify(path)} is not a safe path`),
    // Case is folded: on many file systems the second spelling would overwrite the first.
    ...findRepeated(paths.map((path) => path.toLowerCase())).map((path) => `${path} is there twice`),
    ...[...allowed, MANIFEST_PATH].filter((path) => !set.has(path)).map((path) => `${path} is missing`),
    ...paths
      .filter((path) => !path.startsWith('data/') && !allowed.has(path))
      .map((path) => `${JSON.stringify(path)} does not belong in a bundle`),
  ]);
  return { message: `${paths.length} files, none missing, none extra outside of data/`, value: set };
}
