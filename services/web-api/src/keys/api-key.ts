import { randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const LOWER_ALPHANUMERIC = '0123456789abcdefghijklmnopqrstuvwxyz';
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const PREFIX_LENGTH = 12;
/** 32 characters of 62 encode 190 bits: a secret that cannot be guessed needs no slow hash. */
const SECRET_LENGTH = 32;
/** 6 characters of 62 encode the 32 bits of a CRC. */
const CHECKSUM_LENGTH = 6;
const FORMAT = /^(aion_(sk|op)_([0-9a-z]{12})_[0-9A-Za-z]{32})([0-9A-Za-z]{6})$/;

/** Owner of a key: a tenant (`sk`) or an operator (`op`). */
export type KeyKind = 'sk' | 'op';

/** A new API key. */
export interface GeneratedApiKey {
  /** `aion_<kind>_<prefix>_<secret><checksum>`. */
  readonly key: string;
  /** The public part, which identifies the key. */
  readonly prefix: string;
}

/** Generates an API key from the system's secure random numbers. */
export function generateApiKey(kind: KeyKind): GeneratedApiKey {
  const prefix = randomText(LOWER_ALPHANUMERIC, PREFIX_LENGTH);
  const body = `aion_${kind}_${prefix}_${randomText(BASE62, SECRET_LENGTH)}`;
  return { key: `${body}${checksumOf(body)}`, prefix };
}

/**
 * Parses the kind and prefix of a key; returns undefined when its form or checksum is wrong. The checksum distinguishes
 * a mistyped or truncated key from an unknown one without a lookup, and lets scanners for leaked secrets verify a match.
 */
export function parseApiKey(key: string): { readonly kind: KeyKind; readonly prefix: string } | undefined {
  const [, body, kind, prefix, checksum] = FORMAT.exec(key) ?? [];
  if (body === undefined || prefix === undefined || checksum !== checksumOf(body)) return undefined;
  return { kind: kind === 'op' ? 'op' : 'sk', prefix };
}

/** Computes the CRC-32 (ISO 3309) of everything before the checksum, in base 62, most significant digit first. */
function checksumOf(body: string): string {
  let rest = crc32(body);
  let text = '';
  for (let digit = 0; digit < CHECKSUM_LENGTH; digit += 1) {
    text = BASE62.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}

function randomText(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
}
