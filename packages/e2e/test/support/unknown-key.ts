import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A key that is nobody's and has the form of one, checksum included: only a look-up tells that there is none. */
export function createUnknownKey(kind: 'sk' | 'op'): string {
  const body = `aion_${kind}_${randomBytes(6).toString('hex')}_${randomBytes(16).toString('hex')}`;
  const digits = Array.from({ length: 6 }, (_, at) => BASE62.charAt(Math.floor(crc32(body) / 62 ** (5 - at)) % 62));
  return body + digits.join('');
}
