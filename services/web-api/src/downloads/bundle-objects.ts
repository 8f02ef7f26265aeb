import { UnavailableError } from '@aion/errors';
import { ObjectNotFoundError, type ObjectStore } from '@aion/object-store';
import type { ByteRange } from './byte-range.ts';

/** The objects of bundles, as downloads read them. */
export interface BundleObjects {
  /**
   * Opens a range of an object. The content throws when it ends before the range does: an answer whose length was
   * announced must not stop short of it.
   * @throws UnavailableError when the store cannot be reached
   */
  open(key: string, range: ByteRange, signal: AbortSignal): Promise<AsyncIterable<Buffer>>;
}

/** Reads the objects of bundles from the object store. */
export function createBundleObjects(store: ObjectStore): BundleObjects {
  return {
    open: async (key, range, signal) => {
      const content = await store.get(key, range).catch(toDomainError);
      // A read that waits for the store would otherwise outlive the request.
      const stop = () => content.destroy();
      signal.addEventListener('abort', stop, { once: true });
      content.once('close', () => signal.removeEventListener('abort', stop));
      if (signal.aborted) stop();
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
  if (missing !== 0) throw new Error(`The object ${key} ended ${missing} bytes early: it is not what was sealed.`);
}

function toDomainError(error: unknown): never {
  // An object that is listed and not there is a fault of ours, and no retry helps.
  if (error instanceof ObjectNotFoundError || error instanceof RangeError) throw error;
  throw new UnavailableError('The object store cannot be reached now.', { cause: error, retryAfterSeconds: 1 });
}
