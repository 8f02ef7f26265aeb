import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { AgeError } from './age-error.ts';
import { decodeBase64, encodeBase64, type AgeHeader, type AgeStanza } from './age-header.ts';
import type { AgeRecipient } from './age-recipient.ts';
import type { AgeIdentityKey } from './parse-age-identity.ts';
import { generateX25519PrivateKey, X25519_BYTES, x25519Point, x25519SharedSecret } from './x25519.ts';

/** Bytes of the random key of one age file. */
export const FILE_KEY_BYTES = 16;
/** Bytes of the random nonce in the derivation of the payload key. */
export const PAYLOAD_NONCE_BYTES = 16;

const TAG_BYTES = 16;
const ZERO_NONCE = Buffer.alloc(12);
const X25519_INFO = 'age-encryption.org/v1/X25519';

/** Encrypts the file key to one recipient (C2SP age-encryption.org/v1, "X25519 recipient stanza"). */
export function wrapFileKey(fileKey: Uint8Array, recipient: AgeRecipient): AgeStanza {
  const ephemeral = generateX25519PrivateKey();
  const share = x25519Point(ephemeral);
  const secret = x25519SharedSecret(ephemeral, recipient.point);
  const key = derive(secret, Buffer.concat([share, recipient.point]), X25519_INFO);
  const cipher = createCipheriv('chacha20-poly1305', key, ZERO_NONCE, { authTagLength: TAG_BYTES });
  const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
  return { type: 'X25519', args: [encodeBase64(share)], body };
}

/** Computes the MAC of a header: HMAC-SHA-256 with a key derived from the file key. */
export function macAgeHeader(fileKey: Uint8Array, authenticated: Uint8Array): Buffer {
  return createHmac('sha256', derive(fileKey, Buffer.alloc(0), 'header'))
    .update(authenticated)
    .digest();
}

/** Derives the key of the payload. */
export function derivePayloadKey(fileKey: Uint8Array, nonce: Uint8Array): Buffer {
  return derive(fileKey, nonce, 'payload');
}

/**
 * Decrypts the file key with the first identity key that matches a stanza, and verifies the MAC of the header.
 * @throws {AgeError} AGE_HEADER_INVALID, AGE_NO_MATCH or AGE_HMAC_INVALID.
 */
export function unwrapFileKey(header: AgeHeader, keys: readonly AgeIdentityKey[]): Buffer {
  if (header.stanzas.length > 1 && header.stanzas.some(({ type }) => type === 'scrypt')) {
    throw new AgeError('AGE_HEADER_INVALID', 'The age header is not valid: a passphrase stanza must be the only one.');
  }
  const stanzas = header.stanzas.filter(({ type }) => type === 'X25519');
  const fileKey = stanzas
    .flatMap((stanza) => keys.map((key) => unwrapStanza(stanza, key)))
    .find((found) => found !== undefined);
  if (fileKey === undefined) {
    throw new AgeError(
      'AGE_NO_MATCH',
      'The identity does not decrypt this age file: it was encrypted to other recipients.',
    );
  }
  if (!timingSafeEqual(macAgeHeader(fileKey, header.authenticated), header.mac)) {
    throw new AgeError('AGE_HMAC_INVALID', 'The age header was altered: its MAC does not match.');
  }
  return fileKey;
}

function derive(secret: Uint8Array, salt: Uint8Array, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, 32));
}

function failStanza(reason: string, cause?: unknown): never {
  throw new AgeError('AGE_HEADER_INVALID', `The age header is not valid: an X25519 stanza ${reason}.`, { cause });
}

function unwrapStanza(stanza: AgeStanza, key: AgeIdentityKey): Buffer | undefined {
  const [encoded, ...rest] = stanza.args;
  if (encoded === undefined || rest.length > 0) failStanza('must have one argument');
  const share = decodeBase64(encoded);
  if (share.length !== X25519_BYTES) failStanza(`has a share of ${share.length} bytes`);
  // Checked before decryption: a longer body would allow partitioning oracle attacks.
  if (stanza.body.length !== FILE_KEY_BYTES + TAG_BYTES) failStanza(`has a body of ${stanza.body.length} bytes`);
  let secret: Buffer;
  try {
    secret = x25519SharedSecret(key.privateKey, share);
  } catch (error) {
    return failStanza('has a share of low order', error);
  }
  const wrapKey = derive(secret, Buffer.concat([share, key.point]), X25519_INFO);
  const decipher = createDecipheriv('chacha20-poly1305', wrapKey, ZERO_NONCE, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(stanza.body.subarray(FILE_KEY_BYTES));
  const fileKey = decipher.update(stanza.body.subarray(0, FILE_KEY_BYTES));
  try {
    decipher.final();
    return fileKey;
  } catch {
    return undefined; // A wrong tag: the stanza is for another recipient.
  }
}
