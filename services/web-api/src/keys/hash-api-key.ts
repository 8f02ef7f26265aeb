import { createHmac } from 'node:crypto';

/** Computes the form in which a key is stored: its HMAC-SHA-256 (RFC 2104) with the pepper, in hex. */
export function hashApiKey(key: string, pepper: string): string {
  return createHmac('sha256', pepper).update(key).digest('hex');
}
