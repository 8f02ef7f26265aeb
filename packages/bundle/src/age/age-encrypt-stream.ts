import { randomBytes } from 'node:crypto';
import { Transform } from 'node:stream';
import { InvalidRecipientError } from './age-error.ts';
import { derivePayloadKey, FILE_KEY_BYTES, macAgeHeader, PAYLOAD_NONCE_BYTES, wrapFileKey } from './age-file-key.ts';
import { encodeAgeHeader, encodeBase64 } from './age-header.ts';
import { parseAgeRecipient } from './age-recipient.ts';
import { CHUNK_BYTES, createChunkSealer } from './age-stream-cipher.ts';
import { createByteQueue } from './byte-queue.ts';

/**
 * A stream that turns what is written to it into one age file for `age1...` recipients, under a fresh
 * file key (C2SP age-encryption.org/v1). Memory: two chunks of 64 KiB.
 * @throws {InvalidRecipientError} when a recipient is not usable, or none is given.
 */
export function createAgeEncryptStream(recipients: readonly string[]): Transform {
  const { head, payloadKey } = startFile(recipients);
  const seal = createChunkSealer(payloadKey);
  const queue = createByteQueue();
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      queue.push(chunk);
      // A full chunk stays until more follows: only then is it known not to be the last.
      while (queue.bytes > CHUNK_BYTES) this.push(seal(queue.take(CHUNK_BYTES), false));
      done();
    },
    flush(done) {
      this.push(seal(queue.take(queue.bytes), true));
      payloadKey.fill(0);
      done();
    },
  });
  stream.push(head);
  return stream;
}

function startFile(recipients: readonly string[]): { head: Buffer; payloadKey: Buffer } {
  if (recipients.length === 0)
    throw new InvalidRecipientError('An age file needs at least one recipient; none was given.');
  const fileKey = randomBytes(FILE_KEY_BYTES);
  const authenticated = encodeAgeHeader(recipients.map((text) => wrapFileKey(fileKey, parseAgeRecipient(text))));
  const mac = Buffer.from(` ${encodeBase64(macAgeHeader(fileKey, authenticated))}\n`);
  const nonce = randomBytes(PAYLOAD_NONCE_BYTES);
  const payloadKey = derivePayloadKey(fileKey, nonce);
  fileKey.fill(0);
  return { head: Buffer.concat([authenticated, mac, nonce]), payloadKey };
}
