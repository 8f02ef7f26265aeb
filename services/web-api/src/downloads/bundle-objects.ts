import { UnavailableError } from '@aion/errors';
import { ObjectNotFoundError, type ObjectStore } from '@aion/object-store';
import type { ByteRange } from './byte-range.ts';

/** Read access of downloads to objects of the object store. */
export interface BundleObjects {
  /**
   * Opens a range of an object. Reading throws when the object ends before the range: a response must not be shorter
   * than its announced length.
   * @throws UnavailableError when the store cannot be reached
   */
  open(key: string, range: ByteRange, signal: AbortSignal): Promise<AsyncIterable<Buffer>>;
}

/** Creates read access to an object store. */
export function createBundleObjects(store: ObjectStore): BundleObjects {
  return {
    open: async (key, range, signal) => {
      const content = await store.get(key, range).catch(toDomainError);
      // Otherwise a read that waits for the store would outlive the request.
      const destroy = () => content.destroy();
      signal.addEventListener('abort', destroy, { once: true });
      content.once('close', () => signal.removeEventListener('abort', destroy));
      if (signal.aborted) destroy();
      return readExactly(content, key, range.end - range.start + 1);
    },
  };
}

async function* readExactly(content: AsyncIterable<Buffer>, key: string, bytes: number): AsyncGenerator<Buffer> {
  let missing = bytes;
  for await (const chunk of content) {
    missing -= chunk.length;
    yield chunk;
  }
  if (missing !== 0)
    throw new Error(`The object ${key} ended ${missing} bytes early: its size differs from the stored one.`);
}

function toDomainError(error: unknown): never {
  // A listed object that does not exist is an internal error, and no retry helps.
  if (error instanceof ObjectNotFoundError || error instanceof RangeError) throw error;
  throw new UnavailableError('The object store cannot be reached now.', { cause: error, retryAfterSeconds: 1 });
}
