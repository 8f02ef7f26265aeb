import { internalRoute, internalRoutes, type BodyOf, type Caller, routes } from '@aion/contracts';
import { ConflictError, NotFoundError, PermissionDeniedError } from '@aion/errors';
import { assertFutureExpiry, type BoundRoute } from '@aion/http';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { TenantTransaction } from '../database/database.ts';
import { assertHasScopes } from '../management/assert-has-scopes.ts';
import { assertIfMatch } from '../management/assert-if-match.ts';
import { listById } from '../management/list-by-id.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { toVersioned } from '../management/to-versioned.ts';
import { toApiKey, type ApiKeyRow } from './api-key-row.ts';
import { assertExpiryWithinOwnKey, isLater } from './assert-expiry-within-own-key.ts';
import { insertKey, lockMember, lockProject, requireKey, revokeKey, selectKeys, updateKey } from './key-store.ts';

/** Creates the routes of the keys of a tenant. */
export function createKeyRoutes({ forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenant(internalRoute(routes.apiKeys.list), (transaction, { query }) =>
      listById({ list: 'api-keys', query, read: (page) => selectKeys(transaction, page, query), toItem: toApiKey }),
    ),
    forTenant(internalRoutes.apiKeys.store, (transaction, { body, caller }) => storeKey(transaction, body, caller)),
    forTenant(internalRoute(routes.apiKeys.get), async (transaction, { params }) =>
      toVersioned(await requireKey(transaction, params.key_id), toApiKey),
    ),
    forTenant(internalRoute(routes.apiKeys.update), (transaction, { params, body, caller }) =>
      changeKey(transaction, params.key_id, body, caller),
    ),
    forTenant(internalRoute(routes.apiKeys.revoke), (transaction, { params, caller }) =>
      revokeOnce(transaction, params.key_id, caller),
    ),
  ];
}

async function storeKey(
  transaction: TenantTransaction,
  key: BodyOf<typeof internalRoutes.apiKeys.store>,
  caller: Caller,
) {
  assertHasScopes(caller, key.scopes, 'give it to another key', 'scopes');
  await assertExpiryWithinOwnKey(transaction, caller, toDate(key.expires_at));
  assertOwnPerson(caller, key.user_id ?? null, 'user_id');
  if (typeof key.user_id === 'string') await assertMember(transaction, key.user_id);
  if (typeof key.project_id === 'string') await assertProjectAcceptsKeys(transaction, key.project_id);
  const row = await insertKey(transaction, key);
  await recordEvent(transaction, caller, 'api_key.created', row.id);
  return { answer: { ...toApiKey(row), sealed_key: key.sealed_key }, version: row.version };
}

async function changeKey(
  transaction: TenantTransaction,
  id: string,
  change: BodyOf<typeof routes.apiKeys.update>,
  caller: Caller,
) {
  const current = await requireKey(transaction, id, 'FOR UPDATE');
  assertIfMatch(caller, current);
  assertNotEnded(current);
  assertOwnPerson(caller, current.user_id, 'key_id');
  assertHasScopes(caller, toApiKey(current).scopes, `change the key ${id}, which has it`, 'key_id');
  const { name = current.name } = change;
  const expiresAt = change.expires_at === undefined ? current.expires_at : toDate(change.expires_at);
  assertFutureExpiry(expiresAt);
  if (isLater(expiresAt, current.expires_at)) await assertExpiryWithinOwnKey(transaction, caller, expiresAt);
  const row = await updateKey(transaction, id, { name, expiresAt });
  await recordEvent(transaction, caller, 'api_key.updated', id);
  return toVersioned(row, toApiKey);
}

/** Revokes a key permanently; one that is revoked already stays unchanged, without another event. */
async function revokeOnce(transaction: TenantTransaction, id: string, caller: Caller) {
  const current = await requireKey(transaction, id, 'FOR UPDATE');
  assertIfMatch(caller, current);
  if (current.revoked_at !== null) return toVersioned(current, toApiKey);
  const row = await revokeKey(transaction, id);
  await recordEvent(transaction, caller, 'api_key.revoked', id);
  return toVersioned(row, toApiKey);
}

async function assertMember(transaction: TenantTransaction, userId: string): Promise<void> {
  if (await lockMember(transaction, userId)) return;
  throw new NotFoundError(`No user ${userId} is a member of the tenant.`, { param: 'user_id' });
}

async function assertProjectAcceptsKeys(transaction: TenantTransaction, projectId: string): Promise<void> {
  const { archivedAt } = await lockProject(transaction, projectId);
  if (archivedAt === null) return;
  throw new ConflictError(`The project ${projectId} is archived: it gets no new keys.`, { param: 'project_id' });
}

/**
 * Asserts that a key of a person is created or changed by that person or the operator: such a key acts as the person.
 * @param param names the field that identifies the person, or the key
 * @throws PermissionDeniedError
 */
function assertOwnPerson(caller: Caller, userId: string | null, param: string): void {
  if (userId === null || caller.scopes === null || caller.person_id === userId) return;
  const message = 'A key of a person is created and changed only by that person or the operator.';
  throw new PermissionDeniedError(message, { param });
}

/** Asserts that a key is neither revoked nor expired: such a key is never changed. @throws ConflictError */
function assertNotEnded({ id, revoked_at: revokedAt, expires_at: expiresAt }: ApiKeyRow): void {
  if (revokedAt !== null) throw new ConflictError(`The key ${id} is revoked: it cannot be changed.`);
  if (expiresAt === null || expiresAt.getTime() > Date.now()) return;
  throw new ConflictError(`The key ${id} has expired: it cannot be changed. Create another one.`);
}

function toDate(instant: string | null | undefined): Date | null {
  return typeof instant === 'string' ? new Date(instant) : null;
}

function recordEvent(
  transaction: TenantTransaction,
  { actor }: Caller,
  action: string,
  targetId: string,
): Promise<void> {
  return recordAuditEvent(transaction, { actor, action, targetType: 'api_key', targetId });
}
