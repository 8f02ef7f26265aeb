import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { AionError, UnavailableError } from '@aion/errors';
import type { ObjectStore } from '@aion/object-store';

/** What was stored. */
export interface HashedObject {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/**
 * Stores what comes, at the pace of the store, and hashes it on the way.
 * @throws the error of the source; UnavailableError when the store fails
 */
export async function putHashed(store: ObjectStore, key: string, source: Readable): Promise<HashedObject> {
  const hash = createHash('sha256');
  try {
    const { bytes } = await store.put(key, Readable.from(passing(source, hash), { objectMode: false }));
    return { bytes, sha256: hash.digest('hex') };
  } catch (error) {
    if (error instanceof AionError) throw error;
    throw new UnavailableError('The object store cannot take the file now.', { cause: error, retryAfterSeconds: 1 });
  } finally {
    source.destroy();
  }
}

async function* passing(source: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
}
