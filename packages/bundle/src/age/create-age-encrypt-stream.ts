import { randomBytes } from 'node:crypto';
import { Transform } from 'node:stream';
import { encodeAgeHeader, encodeBase64 } from './age-header.ts';
import { parseAgeRecipient } from './age-recipient.ts';
import { createByteQueue } from './byte-queue.ts';
import { CHUNK_BYTES, createChunkEncrypter } from './create-chunk-encrypter.ts';
import { InvalidRecipientError } from './invalid-recipient-error.ts';
import { derivePayloadKey, FILE_KEY_BYTES, macAgeHeader, PAYLOAD_NONCE_BYTES, wrapFileKey } from './wrap-file-key.ts';

/**
 * Creates a stream that encrypts its input into one age file for `age1...` recipients, with a new file key (C2SP
 * age-encryption.org/v1). Buffers two chunks of 64 KiB.
 * @throws {InvalidRecipientError} when a recipient is not usable, or the list is empty.
 */
export function createAgeEncryptStream(recipients: readonly string[]): Transform {
  const { head, payloadKey } = startFile(recipients);
  const encryptChunk = createChunkEncrypter(payloadKey);
  const queue = createByteQueue();
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      queue.push(chunk);
      // A full chunk waits until more bytes follow, since the last chunk is encrypted differently.
      while (queue.bytes > CHUNK_BYTES) this.push(encryptChunk(queue.take(CHUNK_BYTES), false));
      done();
    },
    flush(done) {
      this.push(encryptChunk(queue.take(queue.bytes), true));
      payloadKey.fill(0);
      done();
    },
  });
  stream.push(head);
  return stream;
}

function startFile(recipients: readonly string[]): { head: Buffer; payloadKey: Buffer } {
  if (recipients.length === 0) {
    throw new InvalidRecipientError('An age file needs at least one recipient; the list is empty.');
  }
  const fileKey = randomBytes(FILE_KEY_BYTES);
  const authenticated = encodeAgeHeader(recipients.map((text) => wrapFileKey(fileKey, parseAgeRecipient(text))));
  const mac = Buffer.from(` ${encodeBase64(macAgeHeader(fileKey, authenticated))}\n`);
  const nonce = randomBytes(PAYLOAD_NONCE_BYTES);
  const payloadKey = derivePayloadKey(fileKey, nonce);
  fileKey.fill(0);
  return { head: Buffer.concat([authenticated, mac, nonce]), payloadKey };
}
