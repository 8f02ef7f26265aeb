import { InvalidRequestError } from '@aion/errors';

/**
 * Asserts that the `expires_at` of a request is in the future; null and undefined mean that it never expires.
 * @throws InvalidRequestError
 */
export function assertFutureExpiry(expiresAt: Date | string | null | undefined): void {
  if (expiresAt === null || expiresAt === undefined) return;
  const instant = new Date(expiresAt);
  if (instant.getTime() > Date.now()) return;
  throw new InvalidRequestError(
    `expires_at is ${instant.toISOString()}, which has passed: send a time in the future. To end a key now, revoke it.`,
    { param: 'expires_at', fields: [{ pointer: '/expires_at', detail: 'must be in the future' }] },
  );
}
