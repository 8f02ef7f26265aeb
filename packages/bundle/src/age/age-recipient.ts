import { bech32 } from '@scure/base';
import { InvalidRecipientError } from './invalid-recipient-error.ts';
import { generateX25519PrivateKey, isCanonicalX25519Point, X25519_BYTES, x25519SharedSecret } from './x25519.ts';

/** A validated age X25519 recipient. */
export interface AgeRecipient {
  /** The text `age1...`. */
  readonly text: string;
  /** The 32 bytes of the public point. */
  readonly point: Uint8Array;
}

const MAX_QUOTED_CHARS = 80;

/**
 * Parses and validates one recipient: Bech32 checksum, prefix `age`, 32 bytes, canonical point, not of low order
 * (C2SP age-encryption.org/v1, "X25519 recipient stanza"). A trailing line break is accepted.
 * @throws {InvalidRecipientError} with the reason.
 */
export function parseAgeRecipient(text: string): AgeRecipient {
  const line = text.trim();
  assertSupportedKind(line);
  // Bech32 also allows upper case; age does not.
  if (line !== line.toLowerCase()) failRecipient(line, 'it must be in lower case');
  const { prefix, bytes } = decodeBech32(line);
  if (prefix !== 'age') failRecipient(line, `its prefix is "${prefix}", not "age"`);
  if (bytes.length !== X25519_BYTES) failRecipient(line, `it has ${bytes.length} bytes, not ${X25519_BYTES}`);
  if (!isCanonicalX25519Point(bytes)) failRecipient(line, 'its point is not canonical');
  try {
    x25519SharedSecret(generateX25519PrivateKey(), bytes);
  } catch (error) {
    failRecipient(line, 'its point is of low order, so anybody could decrypt files that are encrypted to it', error);
  }
  return { text: line, point: bytes };
}

/** Formats a public point as `age1...` text. */
export function formatAgeRecipient(point: Uint8Array): string {
  return bech32.encodeFromBytes('age', point);
}

function failRecipient(text: string, reason: string, cause?: unknown): never {
  const quoted = JSON.stringify(text.length > MAX_QUOTED_CHARS ? `${text.slice(0, MAX_QUOTED_CHARS)}...` : text);
  const options = cause === undefined ? undefined : { cause };
  throw new InvalidRecipientError(
    `${quoted} is not an age recipient: ${reason}. Create a key with "age-keygen" or "aion keygen" and use its age1... line.`,
    options,
  );
}

function assertSupportedKind(text: string): void {
  if (/AGE-SECRET-KEY-/i.test(text)) {
    // The value is secret, so the message does not contain it.
    throw new InvalidRecipientError(
      'This is a secret age identity, not a recipient. Keep it private; use the age1... line that belongs to it.',
    );
  }
  if (/\s/.test(text)) failRecipient(text, 'it must be exactly one line without spaces');
  if (text.startsWith('age1pq1')) failRecipient(text, 'post-quantum recipients are not supported yet');
  if (text.startsWith('ssh-')) failRecipient(text, 'SSH keys are not supported yet');
}

function decodeBech32(text: string): { prefix: string; bytes: Uint8Array } {
  try {
    return bech32.decodeToBytes(text);
  } catch (error) {
    return failRecipient(text, 'its Bech32 checksum or alphabet is wrong (a character is missing or mistyped)', error);
  }
}
