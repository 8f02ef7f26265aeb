import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { AionError, UnavailableError } from '@aion/errors';
import type { ObjectStore } from '@aion/object-store';

/** Size and hash of a stored object. */
export interface HashedObject {
  readonly bytes: number;
  /** Lowercase hex. */
  readonly sha256: string;
}

/**
 * Stores a stream, with backpressure from the store, and hashes it on the way.
 * @throws the error of the source; UnavailableError when the store fails
 */
export async function putHashed(store: ObjectStore, key: string, source: Readable): Promise<HashedObject> {
  const hash = createHash('sha256');
  try {
    const { bytes } = await store.put(key, Readable.from(hashChunks(source, hash), { objectMode: false }));
    return { bytes, sha256: hash.digest('hex') };
  } catch (error) {
    if (error instanceof AionError) throw error;
    throw new UnavailableError('The object store cannot store the file now.', { cause: error, retryAfterSeconds: 1 });
  } finally {
    source.destroy();
  }
}

async function* hashChunks(source: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
}
