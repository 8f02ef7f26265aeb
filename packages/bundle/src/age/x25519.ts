import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto';

/** Bytes of an X25519 point, scalar or shared secret (RFC 7748). */
export const X25519_BYTES = 32;

/** The fixed DER prefix of a PKCS #8 X25519 private key (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** Creates a private key from its 32 secret bytes. */
export function toX25519PrivateKey(scalar: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, scalar]), format: 'der', type: 'pkcs8' });
}

/** Generates a private key from the random generator of the system. */
export function generateX25519PrivateKey(): KeyObject {
  return generateKeyPairSync('x25519').privateKey;
}

/** Returns the 32 secret bytes of a private key. */
export function x25519Scalar(privateKey: KeyObject): Buffer {
  return privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(PKCS8_PREFIX.length);
}

/** Returns the 32 bytes of the public point of a private key. */
export function x25519Point(privateKey: KeyObject): Buffer {
  return Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '', 'base64url');
}

/** Computes the shared secret (RFC 7748). Throws for a low-order point, whose secret would be all zero. */
export function x25519SharedSecret(privateKey: KeyObject, point: Uint8Array): Buffer {
  return diffieHellman({ privateKey, publicKey: toPublicKey(point) });
}

/** Returns true if a point is below 2^255 - 19 with its unused top bit clear, so that its encoding is unique. */
export function isCanonicalX25519Point(point: Uint8Array): boolean {
  const top = point[X25519_BYTES - 1] ?? 0xff;
  if (top < 0x7f) return true;
  if (top > 0x7f) return false;
  return point.subarray(1, X25519_BYTES - 1).some((byte) => byte !== 0xff) || (point[0] ?? 0xff) < 0xed;
}

function toPublicKey(point: Uint8Array): KeyObject {
  return createPublicKey({
    format: 'jwk',
    key: { kty: 'OKP', crv: 'X25519', x: Buffer.from(point).toString('base64url') },
  });
}
