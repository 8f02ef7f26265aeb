import type { Caller } from '@aion/contracts';
import { PermissionDeniedError } from '@aion/errors';
import type { TenantTransaction } from '../database/database.ts';
import { findExpiry } from './key-store.ts';

/**
 * Asserts that a key gives no other key a longer lifetime than its own. Otherwise a key that is about to expire could be
 * replaced by one that does not.
 * @param expiresAt wanted expiry of the other key; null for none
 * @throws PermissionDeniedError that names the expiry of the caller's key
 */
export async function assertExpiryWithinOwnKey(
  transaction: TenantTransaction,
  { scopes, actor_id: ownId }: Caller,
  expiresAt: Date | null,
): Promise<void> {
  if (scopes === null) return;
  const own = await findExpiry(transaction, ownId);
  if (own === undefined) {
    throw new PermissionDeniedError(`The tenant has no key ${ownId} that could create or change others.`);
  }
  if (!isLater(expiresAt, own.expiresAt)) return;
  throw new PermissionDeniedError(
    `Your key expires at ${own.expiresAt?.toISOString() ?? ''}: choose an expires_at that is not after it.`,
    { param: 'expires_at' },
  );
}

/** Reports whether one expiry is later than another; null means never. */
export function isLater(expiresAt: Date | null, other: Date | null): boolean {
  return other !== null && (expiresAt === null || expiresAt > other);
}
