import type { Caller } from '@aion/contracts';
import { ConflictError, InvalidRequestError, PermissionDeniedError } from '@aion/errors';
import type { TenantTransaction } from '../database/database.ts';
import type { ApiKeyRow } from './api-key-row.ts';

/**
 * Who holds a person's key acts as that person: nobody else makes or changes it, but for the operator.
 * @param param what names the person, or the key
 * @throws PermissionDeniedError
 */
export function refuseOfAnother(caller: Caller, userId: string | null, param: string): void {
  if (userId === null || caller.scopes === null || caller.person_id === userId) return;
  throw new PermissionDeniedError('The key of a person is made and changed by that person or by the operator.', {
    param,
  });
}

/** A key that has ended stays so. @throws ConflictError */
export function refuseEnded({ id, revoked_at: revokedAt, expires_at: expiresAt }: ApiKeyRow): void {
  if (revokedAt !== null) throw new ConflictError(`The key ${id} is revoked: it cannot be changed.`);
  if (expiresAt === null || expiresAt.getTime() > Date.now()) return;
  throw new ConflictError(`The key ${id} has expired: it cannot be changed. Create another one.`);
}

/** @throws InvalidRequestError for an end that has passed: to end a key now is to revoke it */
export function refusePast(expiresAt: Date | null): void {
  if (expiresAt === null || expiresAt.getTime() > Date.now()) return;
  throw new InvalidRequestError(`expires_at is in the past: ${expiresAt.toISOString()}. To end a key now, revoke it.`, {
    param: 'expires_at',
  });
}

/**
 * A key gives no other a longer life than its own: else one that is to end could go on as another.
 * @param expiresAt the end that the other is to have; null for none
 * @throws PermissionDeniedError that names the end of the caller's key
 */
export async function refuseOutliving(
  transaction: TenantTransaction,
  { scopes, actor_id: ownId }: Caller,
  expiresAt: Date | null,
): Promise<void> {
  if (scopes === null) return;
  const [own] = await transaction.query<{ readonly expires_at: Date | null }>({
    operation: 'SELECT',
    table: 'api_keys',
    text: 'SELECT expires_at FROM api_keys WHERE tenant_id = $1 AND id = $2',
    values: [transaction.tenantId, ownId],
  });
  if (own === undefined) throw new PermissionDeniedError(`The tenant has no key ${ownId} that could make others.`);
  if (!isLater(expiresAt, own.expires_at)) return;
  throw new PermissionDeniedError(
    `Your key ends at ${own.expires_at?.toISOString() ?? ''}: give the other one an end that is not after it.`,
    { param: 'expires_at' },
  );
}

/** Whether an end is after another one; null is never. */
export function isLater(end: Date | null, other: Date | null): boolean {
  return other !== null && (end === null || end > other);
}
