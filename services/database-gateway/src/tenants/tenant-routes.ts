import { internalRoute, type Caller, type Tenant, routes, type BodyOf, type QueryOf } from '@aion/contracts';
import { ConflictError, NotFoundError, PermissionDeniedError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { v7 as uuidv7 } from 'uuid';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { PlatformTransaction, TenantTransaction } from '../database/database.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { assertIfMatch } from '../management/assert-if-match.ts';
import { readPage } from '../management/read-page.ts';

type NewTenant = BodyOf<typeof routes.tenants.create>;
type TenantChange = BodyOf<typeof routes.tenants.update>;
type TenantFilter = QueryOf<typeof routes.tenants.list>;

interface TenantRow extends Omit<Tenant, 'created_at' | 'updated_at'> {
  readonly [column: string]: unknown;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly version: number;
}

const COLUMNS = 'id, name, state, store_content, created_at, updated_at, version';

/** The routes on tenants. */
export function createTenantRoutes({ forPlatform, forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forPlatform(internalRoute(routes.tenants.list), (transaction, { query }) => listAll(transaction, query)),
    forPlatform(internalRoute(routes.tenants.create), (transaction, { body, caller }) =>
      insertTenant(transaction, body, caller),
    ),
    forTenant(internalRoute(routes.tenants.get), async (transaction) => versioned(await requireTenant(transaction))),
    forTenant(internalRoute(routes.tenants.update), (transaction, { body, caller }) =>
      changeTenant(transaction, body, caller),
    ),
  ];
}

function toTenant({ id, name, state, store_content, ...times }: TenantRow): Tenant {
  const [created_at, updated_at] = [times.created_at.toISOString(), times.updated_at.toISOString()];
  return { id, name, state, store_content, created_at, updated_at };
}

function versioned(row: TenantRow) {
  return { answer: toTenant(row), version: row.version };
}

function listAll(transaction: PlatformTransaction, query: TenantFilter) {
  return readPage({
    list: 'tenants',
    positions: 'uuid',
    query,
    read: async ({ limit, after, direction }) => {
      const rows = await transaction.query<TenantRow>({
        operation: 'CALL',
        table: 'tenants',
        text: `SELECT ${COLUMNS} FROM list_tenants($1, $2, $3, $4)`,
        values: [limit, after, query.state ?? null, direction === 'ASC'],
      });
      return rows.map(toTenant);
    },
    positionOf: ({ id }) => id,
  });
}

/** The request is the platform's, and so is its idempotency key; the row and its event are the tenant's. */
function insertTenant(platform: PlatformTransaction, tenant: NewTenant, caller: Caller) {
  return platform.asTenant(uuidv7(), async (transaction) => {
    const [row] = await transaction.query<TenantRow>({
      operation: 'INSERT',
      table: 'tenants',
      text: `INSERT INTO tenants (id, name, store_content) VALUES ($1, $2, $3) RETURNING ${COLUMNS}`,
      values: [transaction.tenantId, tenant.name, tenant.store_content],
    });
    if (row === undefined) throw new Error('INSERT gave no row');
    await recordAuditEvent(transaction, {
      actor: caller.actor,
      action: 'tenant.created',
      targetType: 'tenant',
      targetId: row.id,
    });
    return versioned(row);
  });
}

async function changeTenant(transaction: TenantTransaction, change: TenantChange, caller: Caller) {
  // A change of state waits for all that is being written for the tenant; any other holds up none of it.
  const current = await requireTenant(transaction, change.state === undefined ? 'FOR NO KEY UPDATE' : 'FOR UPDATE');
  assertIfMatch(caller, current);
  if (change.state !== undefined) assertStateMayChange(current, caller);
  const { name = current.name, store_content: storeContent = current.store_content, state = current.state } = change;
  const [row] = await transaction.query<TenantRow>({
    operation: 'UPDATE',
    table: 'tenants',
    text: `
      UPDATE tenants SET name = $2, store_content = $3, state = $4, updated_at = now(), version = version + 1
      WHERE id = $1 RETURNING ${COLUMNS}`,
    values: [transaction.tenantId, name, storeContent, state],
  });
  if (row === undefined) throw new Error('UPDATE gave no row');
  await recordAuditEvent(transaction, {
    actor: caller.actor,
    action: 'tenant.updated',
    targetType: 'tenant',
    targetId: row.id,
  });
  return versioned(row);
}

function assertStateMayChange({ id, state }: TenantRow, caller: Caller): void {
  if (caller.scopes !== null) {
    throw new PermissionDeniedError('Only the operator may change the state of a tenant.', { param: 'state' });
  }
  if (state === 'active' || state === 'read_only') return;
  throw new ConflictError(`Tenant ${id} is ${state}: that cannot be taken back here.`, { param: 'state' });
}

async function requireTenant(
  transaction: TenantTransaction,
  lock: '' | 'FOR UPDATE' | 'FOR NO KEY UPDATE' = '',
): Promise<TenantRow> {
  const [row] = await transaction.query<TenantRow>({
    operation: 'SELECT',
    table: 'tenants',
    text: `SELECT ${COLUMNS} FROM tenants WHERE id = $1 ${lock}`,
    values: [transaction.tenantId],
  });
  if (row === undefined) throw new NotFoundError(`There is no tenant ${transaction.tenantId}.`);
  return row;
}
