import type { Readable } from 'node:stream';

/** Destination of a bundle: a directory, or an object store below the prefix of the bundle. */
export interface BundleSink {
  /** Stores `body` completely at a path relative to the root of the bundle; rejects and stores nothing if it fails. */
  put(path: string, body: Readable): Promise<void>;
}
