import { Transform } from 'node:stream';
import { AgeError } from './age-error.ts';
import { derivePayloadKey, openFileKey, PAYLOAD_NONCE_BYTES } from './age-file-key.ts';
import { parseAgeHeader } from './age-header.ts';
import { parseAgeIdentity, type AgeIdentityKey } from './age-identity.ts';
import { CHUNK_BYTES, createChunkOpener, TAG_BYTES, type ChunkOpener } from './age-stream-cipher.ts';
import { createByteQueue, type ByteQueue } from './byte-queue.ts';

/**
 * A stream that decrypts one age file with an identity file's text. Each chunk is released only after
 * its tag was checked; a file cut off at a chunk's end fails at the end of the stream.
 * The stream fails with {@link AgeError}.
 * @throws {InvalidIdentityError} when the identity's text is not usable.
 */
export function createAgeDecryptStream(identity: string): Transform {
  const keys = parseAgeIdentity(identity);
  const queue = createByteQueue();
  const sealedBytes = CHUNK_BYTES + TAG_BYTES;
  let open: ChunkOpener | undefined;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      settle(done, () => {
        queue.push(chunk);
        open ??= openPayload(queue, keys);
        while (open !== undefined && queue.bytes >= sealedBytes) this.push(open.openFull(queue.take(sealedBytes)));
      });
    },
    flush(done) {
      settle(done, () => {
        if (open === undefined)
          throw new AgeError('AGE_HEADER_INVALID', 'The age header is not valid: the file is cut off in it.');
        this.push(open.openRest(queue.take(queue.bytes)));
      });
    },
  });
}

/** Reads header and nonce once they are whole; `undefined` until then. */
function openPayload(queue: ByteQueue, keys: readonly AgeIdentityKey[]): ChunkOpener | undefined {
  const header = parseAgeHeader(queue.peekAll());
  if (header === undefined || queue.bytes < header.bytes + PAYLOAD_NONCE_BYTES) return undefined;
  const fileKey = openFileKey(header, keys);
  queue.take(header.bytes);
  const payloadKey = derivePayloadKey(fileKey, queue.take(PAYLOAD_NONCE_BYTES));
  fileKey.fill(0);
  return createChunkOpener(payloadKey);
}

function settle(done: (error?: Error) => void, work: () => void): void {
  try {
    work();
  } catch (error) {
    // Whatever is thrown here is an Error: an AgeError or one of node:crypto.
    done(error as Error);
    return;
  }
  done();
}
