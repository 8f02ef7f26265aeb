import { createDecipheriv } from 'node:crypto';
import { AgeError } from './age-error.ts';
import { CHUNK_CIPHER, createChunkNonce, TAG_BYTES } from './create-chunk-encrypter.ts';

/** Decrypts the chunks of one payload in their order; both methods throw {@link AgeError} AGE_PAYLOAD_INVALID. */
export interface ChunkDecrypter {
  /** Decrypts a chunk of full size, which may be the last one. */
  decryptFull(encrypted: Buffer): Buffer;
  /** Decrypts the remaining bytes at the end of the file; returns no bytes if the last chunk was a full one. */
  decryptRest(encrypted: Buffer): Buffer;
}

/** Creates a decrypter that starts at the first chunk. */
export function createChunkDecrypter(key: Buffer): ChunkDecrypter {
  let counter = 0;
  let ended = false;
  return {
    decryptFull(encrypted) {
      if (ended) failPayload(`bytes follow chunk ${counter - 1}, which is marked as the last`);
      const inner = decryptChunk(key, createChunkNonce(counter, false), encrypted);
      const plain = inner ?? decryptChunk(key, createChunkNonce(counter, true), encrypted);
      if (plain === undefined) failPayload(`chunk ${counter} was altered`);
      ended = inner === undefined;
      counter += 1;
      return plain;
    },
    decryptRest(encrypted) {
      if (ended && encrypted.length === 0) return encrypted;
      if (ended) failPayload(`bytes follow chunk ${counter - 1}, which is marked as the last`);
      if (encrypted.length < TAG_BYTES) failPayload(`it is truncated at chunk ${counter}`);
      if (encrypted.length === TAG_BYTES && counter > 0) {
        failPayload(`chunk ${counter} is empty, which only a complete payload may be`);
      }
      const plain = decryptChunk(key, createChunkNonce(counter, true), encrypted);
      return plain ?? failPayload(`chunk ${counter} was altered or truncated`);
    },
  };
}

function decryptChunk(key: Buffer, nonce: Buffer, encrypted: Buffer): Buffer | undefined {
  const decipher = createDecipheriv(CHUNK_CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(encrypted.subarray(-TAG_BYTES));
  const plain = decipher.update(encrypted.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined; // A wrong tag: the chunk was altered or moved.
  }
}

function failPayload(reason: string): never {
  throw new AgeError('AGE_PAYLOAD_INVALID', `The age payload is not valid: ${reason}.`);
}
