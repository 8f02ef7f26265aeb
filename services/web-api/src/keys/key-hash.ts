import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** The form in which a key is stored: HMAC-SHA-256 (RFC 2104) under the pepper, as hex. */
export function hashApiKey(key: string, pepper: string): string {
  return createHmac('sha256', pepper).update(key).digest('hex');
}

/** Whether two texts are the same; how long it takes does not tell where they differ. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
