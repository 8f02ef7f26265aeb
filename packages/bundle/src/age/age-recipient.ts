import { bech32 } from '@scure/base';
import { InvalidRecipientError } from './age-error.ts';
import { generateX25519PrivateKey, isCanonicalX25519Point, X25519_BYTES, x25519SharedSecret } from './x25519.ts';

/** A checked age X25519 recipient. */
export interface AgeRecipient {
  /** The `age1...` text. */
  readonly text: string;
  /** The 32 bytes of the public point. */
  readonly point: Uint8Array;
}

const MAX_QUOTED_CHARS = 80;

/**
 * Checks one recipient: Bech32 checksum, prefix `age`, 32 bytes, canonical point, not of low order
 * (C2SP age-encryption.org/v1, "X25519 recipient stanza"). A final line break is tolerated.
 * @throws {InvalidRecipientError} with the reason.
 */
export function parseAgeRecipient(text: string): AgeRecipient {
  const line = text.trim();
  refuseOtherKinds(line);
  // Bech32 itself also allows capitals; age does not.
  if (line !== line.toLowerCase()) refuse(line, 'it must be in lower case');
  const { prefix, bytes } = decodeBech32(line);
  if (prefix !== 'age') refuse(line, `its prefix is "${prefix}", not "age"`);
  if (bytes.length !== X25519_BYTES) refuse(line, `it holds ${bytes.length} bytes, not ${X25519_BYTES}`);
  if (!isCanonicalX25519Point(bytes)) refuse(line, 'its point is not canonical');
  try {
    x25519SharedSecret(generateX25519PrivateKey(), bytes);
  } catch (error) {
    refuse(line, 'its point is of low order, so anybody could read what is encrypted to it', error);
  }
  return { text: line, point: bytes };
}

/** The `age1...` text of a public point. */
export function formatAgeRecipient(point: Uint8Array): string {
  return bech32.encodeFromBytes('age', point);
}

function refuse(text: string, reason: string, cause?: unknown): never {
  const quoted = JSON.stringify(text.length > MAX_QUOTED_CHARS ? `${text.slice(0, MAX_QUOTED_CHARS)}...` : text);
  const options = cause === undefined ? undefined : { cause };
  throw new InvalidRecipientError(
    `${quoted} is not an age recipient: ${reason}. Make a key with "age-keygen" or "aion keygen" and give its age1... line.`,
    options,
  );
}

function refuseOtherKinds(text: string): void {
  if (/AGE-SECRET-KEY-/i.test(text)) {
    // The value is a secret: it is not repeated.
    throw new InvalidRecipientError(
      'This is a secret age identity, not a recipient. Keep it to yourself; give the age1... line that belongs to it.',
    );
  }
  if (/\s/.test(text)) refuse(text, 'it must be exactly one line without spaces');
  if (text.startsWith('age1pq1')) refuse(text, 'post-quantum recipients are not supported yet');
  if (text.startsWith('ssh-')) refuse(text, 'SSH keys are not supported yet');
}

function decodeBech32(text: string): { prefix: string; bytes: Uint8Array } {
  try {
    return bech32.decodeToBytes(text);
  } catch (error) {
    return refuse(text, 'its Bech32 checksum or alphabet is wrong (a character is missing or mistyped)', error);
  }
}
