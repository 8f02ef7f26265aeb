import type { Readable } from 'node:stream';

/** Where a bundle is written: a directory, or an object store under the bundle's prefix. */
export interface BundleSink {
  /** Stores the whole of `body` at a path relative to the bundle's root; rejects, and keeps nothing, if it fails. */
  put(path: string, body: Readable): Promise<void>;
}

/** Where a bundle is read from. */
export interface BundleSource {
  /**
   * The paths of all files, relative to the bundle's root.
   * Rejects with `InvalidBundleError` for what no bundle may hold, such as a symbolic link.
   */
  list(): Promise<string[]>;
  /** The content of one listed file. */
  read(path: string): Promise<Readable>;
}
