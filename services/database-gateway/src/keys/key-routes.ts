import { internalRoute, type Caller, routes, internalRoutes, type BodyOf, type QueryOf } from '@aion/contracts';
import { ConflictError, NotFoundError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { TenantTransaction } from '../database/database.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { assertIfMatch } from '../management/assert-if-match.ts';
import { readPage } from '../management/read-page.ts';
import { assertHasScopes } from '../management/assert-has-scopes.ts';
import { toApiKey, type ApiKeyRow } from './api-key-row.ts';
import { KEY_STATUS } from './key-status.ts';
import { isLater, refuseEnded, refuseOfAnother, refuseOutliving, refusePast } from './key-limits.ts';

type NewKey = BodyOf<typeof internalRoutes.apiKeys.store>;
type KeyFilter = QueryOf<typeof routes.apiKeys.list>;
type KeyChange = BodyOf<typeof routes.apiKeys.update>;

/** The routes on the keys of a tenant. */
export function createKeyRoutes({ forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenant(internalRoute(routes.apiKeys.list), (transaction, { query }) => listKeys(transaction, query)),
    forTenant(internalRoutes.apiKeys.store, (transaction, { body, caller }) => insertKey(transaction, body, caller)),
    forTenant(internalRoute(routes.apiKeys.get), async (transaction, { params }) =>
      versioned(await requireKey(transaction, params.key_id)),
    ),
    forTenant(internalRoute(routes.apiKeys.update), (transaction, { params, body, caller }) =>
      updateKey(transaction, params.key_id, body, caller),
    ),
    forTenant(internalRoute(routes.apiKeys.revoke), (transaction, { params, caller }) =>
      revokeKey(transaction, params.key_id, caller),
    ),
  ];
}

function versioned(row: ApiKeyRow) {
  return { answer: toApiKey(row), version: row.version };
}

function listKeys(transaction: TenantTransaction, query: KeyFilter) {
  return readPage({
    list: 'api-keys',
    positions: 'uuid',
    query,
    read: async ({ limit, after, comparison, direction }) => {
      const rows = await transaction.query<ApiKeyRow>({
        operation: 'SELECT',
        table: 'api_keys',
        // The ids are UUID v7: their order is that of creation.
        text: `
          SELECT * FROM api_keys
          WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id ${comparison} $2) AND ($3::uuid IS NULL OR project_id = $3)
            AND ($4::uuid IS NULL OR user_id = $4) AND ($5::text IS NULL OR ${KEY_STATUS} = $5)
          ORDER BY id ${direction} LIMIT $6`,
        values: [
          ...[transaction.tenantId, after, query.project_id ?? null, query.user_id ?? null],
          ...[query.status ?? null, limit],
        ],
      });
      return rows.map(toApiKey);
    },
    positionOf: ({ id }) => id,
  });
}

async function insertKey(transaction: TenantTransaction, key: NewKey, caller: Caller) {
  assertHasScopes(caller, key.scopes, 'give it to another key', 'scopes');
  await refuseOutliving(transaction, caller, toDate(key.expires_at));
  refuseOfAnother(caller, key.user_id ?? null, 'user_id');
  if (typeof key.user_id === 'string') await assertMember(transaction, key.user_id);
  if (typeof key.project_id === 'string') await assertTakesKeys(transaction, key.project_id);
  const row = await insertRow(transaction, key);
  await recordAuditEvent(transaction, {
    actor: caller.actor,
    action: 'api_key.created',
    targetType: 'api_key',
    targetId: row.id,
  });
  return { answer: { ...toApiKey(row), sealed_key: key.sealed_key }, version: row.version };
}

function toDate(instant: string | null | undefined): Date | null {
  return typeof instant === 'string' ? new Date(instant) : null;
}

/** The membership is kept until the commit. */
async function assertMember(transaction: TenantTransaction, userId: string): Promise<void> {
  const rows = await transaction.query({
    operation: 'SELECT',
    table: 'memberships',
    text: 'SELECT 1 FROM memberships WHERE tenant_id = $1 AND user_id = $2 FOR SHARE',
    values: [transaction.tenantId, userId],
  });
  if (rows.length > 0) return;
  throw new NotFoundError(`No user ${userId} is a member of the tenant.`, { param: 'user_id' });
}

/** An archived project gets no new keys; it is kept from being archived until the commit. */
async function assertTakesKeys(transaction: TenantTransaction, projectId: string): Promise<void> {
  const [project] = await transaction.query<{ readonly archived_at: Date | null }>({
    operation: 'SELECT',
    table: 'projects',
    text: 'SELECT archived_at FROM projects WHERE tenant_id = $1 AND id = $2 FOR SHARE',
    values: [transaction.tenantId, projectId],
  });
  if (project === undefined) throw new NotFoundError(`There is no project ${projectId}.`, { param: 'project_id' });
  if (project.archived_at === null) return;
  throw new ConflictError(`The project ${projectId} is archived: it gets no new keys.`, { param: 'project_id' });
}

async function insertRow(transaction: TenantTransaction, key: NewKey): Promise<ApiKeyRow> {
  const [row] = await transaction.query<ApiKeyRow>({
    operation: 'INSERT',
    table: 'api_keys',
    text: `
      INSERT INTO api_keys (id, tenant_id, project_id, user_id, name, prefix, key_hash, scopes, expires_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *`,
    values: [
      ...[key.id, transaction.tenantId, key.project_id ?? null, key.user_id ?? null, key.name, key.prefix],
      ...[key.key_hash, [...new Set(key.scopes)], key.expires_at ?? null],
    ],
  });
  if (row === undefined) throw new Error('INSERT gave no row');
  return row;
}

async function updateKey(transaction: TenantTransaction, id: string, change: KeyChange, caller: Caller) {
  const current = await requireKey(transaction, id, 'FOR UPDATE');
  assertIfMatch(caller, current);
  refuseEnded(current);
  refuseOfAnother(caller, current.user_id, 'key_id');
  assertHasScopes(caller, toApiKey(current).scopes, `change the key ${id}, which has it`, 'key_id');
  const { name = current.name } = change;
  const expiresAt = change.expires_at === undefined ? current.expires_at : toDate(change.expires_at);
  refusePast(expiresAt);
  if (isLater(expiresAt, current.expires_at)) await refuseOutliving(transaction, caller, expiresAt);
  const [row] = await transaction.query<ApiKeyRow>({
    operation: 'UPDATE',
    table: 'api_keys',
    text: `
      UPDATE api_keys SET name = $3, expires_at = $4, updated_at = now(), version = version + 1
      WHERE tenant_id = $1 AND id = $2 RETURNING *`,
    values: [transaction.tenantId, id, name, expiresAt],
  });
  if (row === undefined) throw new Error('UPDATE gave no row');
  await recordAuditEvent(transaction, {
    actor: caller.actor,
    action: 'api_key.updated',
    targetType: 'api_key',
    targetId: id,
  });
  return versioned(row);
}

/** Revokes for good; a key that is revoked stays as it is, without a further event. */
async function revokeKey(transaction: TenantTransaction, id: string, caller: Caller) {
  const current = await requireKey(transaction, id, 'FOR UPDATE');
  assertIfMatch(caller, current);
  if (current.revoked_at !== null) return versioned(current);
  const [revoked] = await transaction.query<ApiKeyRow>({
    operation: 'UPDATE',
    table: 'api_keys',
    text: `
      UPDATE api_keys SET revoked_at = now(), updated_at = now(), version = version + 1
      WHERE tenant_id = $1 AND id = $2 RETURNING *`,
    values: [transaction.tenantId, id],
  });
  if (revoked === undefined) throw new Error('UPDATE gave no row');
  await recordAuditEvent(transaction, {
    actor: caller.actor,
    action: 'api_key.revoked',
    targetType: 'api_key',
    targetId: id,
  });
  return versioned(revoked);
}

async function requireKey(
  transaction: TenantTransaction,
  id: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<ApiKeyRow> {
  const [row] = await transaction.query<ApiKeyRow>({
    operation: 'SELECT',
    table: 'api_keys',
    text: `SELECT * FROM api_keys WHERE tenant_id = $1 AND id = $2 ${lock}`,
    values: [transaction.tenantId, id],
  });
  if (row === undefined) throw new NotFoundError(`There is no key ${id}.`);
  return row;
}
