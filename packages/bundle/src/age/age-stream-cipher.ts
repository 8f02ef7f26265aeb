import { createCipheriv, createDecipheriv } from 'node:crypto';
import { AgeError } from './age-error.ts';

/** Plaintext bytes of a full chunk (C2SP age-encryption.org/v1, "Payload": STREAM with 64 KiB). */
export const CHUNK_BYTES = 64 * 1024;
/** Bytes of the authentication tag behind each chunk. */
export const TAG_BYTES = 16;

/** Encrypts the chunks of one payload in their order. */
export function createChunkSealer(key: Buffer): (plain: Buffer, isLast: boolean) => Buffer {
  let counter = 0;
  return (plain, isLast) => {
    const nonce = createChunkNonce(counter++, isLast);
    const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: TAG_BYTES });
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  };
}

/** Opens the chunks of one payload in their order; both verbs throw {@link AgeError} AGE_PAYLOAD_INVALID. */
export interface ChunkOpener {
  /** Opens a chunk of full size, which may be the last one. */
  openFull(sealed: Buffer): Buffer;
  /** Opens what is left when the file has ended; empty if the last chunk was a full one. */
  openRest(sealed: Buffer): Buffer;
}

/** Starts at the first chunk. */
export function createChunkOpener(key: Buffer): ChunkOpener {
  let counter = 0;
  let ended = false;
  return {
    openFull(sealed) {
      if (ended) invalid(`bytes follow chunk ${counter - 1}, which is marked as the last`);
      const inner = openChunk(key, createChunkNonce(counter, false), sealed);
      const plain = inner ?? openChunk(key, createChunkNonce(counter, true), sealed);
      if (plain === undefined) invalid(`chunk ${counter} was altered`);
      ended = inner === undefined;
      counter += 1;
      return plain;
    },
    openRest(sealed) {
      if (ended && sealed.length === 0) return sealed;
      if (ended) invalid(`bytes follow chunk ${counter - 1}, which is marked as the last`);
      if (sealed.length < TAG_BYTES) invalid(`it is cut off at chunk ${counter}`);
      if (sealed.length === TAG_BYTES && counter > 0) invalid(`chunk ${counter} is empty; only a whole payload may be`);
      return (
        openChunk(key, createChunkNonce(counter, true), sealed) ?? invalid(`chunk ${counter} was altered or cut off`)
      );
    },
  };
}

/** 11 bytes of big-endian counter and 1 byte that is set on the last chunk only. */
function createChunkNonce(counter: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(counter, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

function openChunk(key: Buffer, nonce: Buffer, sealed: Buffer): Buffer | undefined {
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const plain = decipher.update(sealed.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined; // A wrong tag: altered, or not the chunk that its place says.
  }
}

function invalid(reason: string): never {
  throw new AgeError('AGE_PAYLOAD_INVALID', `The age payload is not valid: ${reason}.`);
}
