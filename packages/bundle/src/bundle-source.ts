import type { Readable } from 'node:stream';

/** Source of the files of a bundle. */
export interface BundleSource {
  /**
   * Lists the paths of all files, relative to the root of the bundle.
   * Rejects with `InvalidBundleError` for files that a bundle must not contain, such as a symbolic link.
   */
  list(): Promise<string[]>;
  /** Opens the content of a listed file. */
  read(path: string): Promise<Readable>;
}
