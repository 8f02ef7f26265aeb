import { createCipheriv } from 'node:crypto';

/** Plaintext bytes of a full chunk (C2SP age-encryption.org/v1, "Payload": STREAM with 64 KiB). */
export const CHUNK_BYTES = 64 * 1024;
/** Bytes of the authentication tag after each chunk. */
export const TAG_BYTES = 16;
/** AEAD of the payload. */
export const CHUNK_CIPHER = 'chacha20-poly1305';

/** Creates a function that encrypts the chunks of one payload in their order. */
export function createChunkEncrypter(key: Buffer): (plain: Buffer, isLast: boolean) => Buffer {
  let counter = 0;
  return (plain, isLast) => {
    const nonce = createChunkNonce(counter, isLast);
    counter += 1;
    const cipher = createCipheriv(CHUNK_CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  };
}

/** Creates a nonce: 11 bytes of big-endian counter and 1 byte that is set on the last chunk only. */
export function createChunkNonce(counter: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(counter, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}
