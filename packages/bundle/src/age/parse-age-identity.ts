import type { KeyObject } from 'node:crypto';
import { bech32 } from '@scure/base';
import { formatAgeRecipient } from './age-recipient.ts';
import { InvalidIdentityError } from './invalid-identity-error.ts';
import { generateX25519PrivateKey, toX25519PrivateKey, X25519_BYTES, x25519Point, x25519Scalar } from './x25519.ts';

const IDENTITY_PREFIX = 'age-secret-key-';

/** One secret key of an identity file, with its public point. */
export interface AgeIdentityKey {
  readonly privateKey: KeyObject;
  readonly point: Uint8Array;
}

/** A new key pair: the secret identity decrypts files that are encrypted to the recipient. */
export interface GeneratedAgeIdentity {
  /** `AGE-SECRET-KEY-1...` */
  readonly identity: string;
  /** `age1...` */
  readonly recipient: string;
}

/** Generates a key pair from the random generator of the system. */
export function generateAgeIdentity(): GeneratedAgeIdentity {
  const privateKey = generateX25519PrivateKey();
  return {
    identity: bech32.encodeFromBytes(IDENTITY_PREFIX, x25519Scalar(privateKey)).toUpperCase(),
    recipient: formatAgeRecipient(x25519Point(privateKey)),
  };
}

/**
 * Parses an age identity file: one `AGE-SECRET-KEY-1...` per line, with `#` comments and blank lines.
 * @throws {InvalidIdentityError} without quoting the secret text.
 */
export function parseAgeIdentity(text: string): AgeIdentityKey[] {
  const keys: AgeIdentityKey[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line !== '' && !line.startsWith('#')) keys.push(parseKey(line, index + 1));
  }
  if (keys.length === 0) throw new InvalidIdentityError('The age identity has no AGE-SECRET-KEY-1 line.');
  return keys;
}

function parseKey(line: string, lineNumber: number): AgeIdentityKey {
  const where = `Line ${lineNumber} of the age identity`;
  if (!line.startsWith('AGE-SECRET-KEY-1')) {
    throw new InvalidIdentityError(`${where} does not begin with AGE-SECRET-KEY-1. Use a file created by age-keygen.`);
  }
  let bytes: Uint8Array;
  try {
    // The error of the library quotes the secret text, so it does not become the cause.
    bytes = bech32.decodeToBytes(line).bytes;
  } catch (error) {
    throw new InvalidIdentityError(
      `${where} has a wrong Bech32 checksum (${error instanceof Error ? error.name : ''}).`,
    );
  }
  if (bytes.length !== X25519_BYTES) {
    throw new InvalidIdentityError(`${where} has ${bytes.length} bytes, not ${X25519_BYTES}.`);
  }
  const privateKey = toX25519PrivateKey(bytes);
  return { privateKey, point: x25519Point(privateKey) };
}
