import { Transform } from 'node:stream';
import { AgeError } from './age-error.ts';
import { parseAgeHeader } from './age-header.ts';
import { createByteQueue, type ByteQueue } from './byte-queue.ts';
import { createChunkDecrypter, type ChunkDecrypter } from './create-chunk-decrypter.ts';
import { CHUNK_BYTES, TAG_BYTES } from './create-chunk-encrypter.ts';
import { parseAgeIdentity, type AgeIdentityKey } from './parse-age-identity.ts';
import { derivePayloadKey, PAYLOAD_NONCE_BYTES, unwrapFileKey } from './wrap-file-key.ts';

/**
 * Creates a stream that decrypts one age file with the text of an identity file. A chunk is released only after its tag
 * was checked; a file that was truncated at the end of a chunk fails at the end of the stream.
 * The stream fails with {@link AgeError}.
 * @throws {InvalidIdentityError} when the text of the identity is not usable.
 */
export function createAgeDecryptStream(identity: string): Transform {
  const keys = parseAgeIdentity(identity);
  const queue = createByteQueue();
  const encryptedBytes = CHUNK_BYTES + TAG_BYTES;
  let chunks: ChunkDecrypter | undefined;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      settle(done, () => {
        queue.push(chunk);
        chunks ??= openPayload(queue, keys);
        while (chunks !== undefined && queue.bytes >= encryptedBytes) {
          this.push(chunks.decryptFull(queue.take(encryptedBytes)));
        }
      });
    },
    flush(done) {
      settle(done, () => {
        if (chunks === undefined) {
          throw new AgeError('AGE_HEADER_INVALID', 'The age header is not valid: the file is truncated in it.');
        }
        this.push(chunks.decryptRest(queue.take(queue.bytes)));
      });
    },
  });
}

/** Reads header and nonce once both are complete; returns `undefined` until then. */
function openPayload(queue: ByteQueue, keys: readonly AgeIdentityKey[]): ChunkDecrypter | undefined {
  const header = parseAgeHeader(queue.peekAll());
  if (header === undefined || queue.bytes < header.bytes + PAYLOAD_NONCE_BYTES) return undefined;
  const fileKey = unwrapFileKey(header, keys);
  queue.take(header.bytes);
  const payloadKey = derivePayloadKey(fileKey, queue.take(PAYLOAD_NONCE_BYTES));
  fileKey.fill(0);
  return createChunkDecrypter(payloadKey);
}

function settle(done: (error?: Error) => void, work: () => void): void {
  try {
    work();
  } catch (error) {
    // Only Errors are thrown here: an AgeError or one of node:crypto.
    done(error as Error);
    return;
  }
  done();
}
