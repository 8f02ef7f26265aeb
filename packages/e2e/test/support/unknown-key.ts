import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Creates a well-formed key with a correct checksum that does not exist: only a lookup can reject it. */
export function createUnknownKey(kind: 'sk' | 'op'): string {
  const body = `aion_${kind}_${randomBytes(6).toString('hex')}_${randomBytes(16).toString('hex')}`;
  const digits = Array.from({ length: 6 }, (_, at) => BASE62.charAt(Math.floor(crc32(body) / 62 ** (5 - at)) % 62));
  return body + digits.join('');
}
