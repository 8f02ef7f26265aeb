import type { BodyOf, HoldScope, LegalHold, QueryOf, Role, routes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import type { Query, TenantTransaction } from '../database/database.ts';
import { oneRow } from '../database/one-row.ts';
import { requireRow } from '../database/require-row.ts';
import { IS_LIVE } from '../keys/key-status.ts';
import type { PageWindow } from '../management/read-page.ts';

/** A row of `legal_holds`. */
export interface HoldRow extends Omit<LegalHold, 'placed_at' | 'release_requested_at' | 'released_at'> {
  readonly [column: string]: unknown;
  readonly placed_at: Date;
  readonly release_requested_at: Date | null;
  readonly released_at: Date | null;
  readonly version: number;
}

type HoldFilter = Pick<QueryOf<typeof routes.legalHolds.list>, 'in_force' | 'scope' | 'scope_id'>;

/** Reads a page of the legal holds of a tenant. */
export function selectHolds(
  transaction: TenantTransaction,
  { limit, after, comparison, direction }: PageWindow,
  filter: HoldFilter,
): Promise<HoldRow[]> {
  return transaction.query<HoldRow>({
    table: 'legal_holds',
    text: `
      SELECT * FROM legal_holds
      WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id ${comparison} $2)
        AND ($3::boolean IS NULL OR (released_at IS NULL) = $3) AND ($4::text IS NULL OR scope = $4)
        AND ($5::uuid IS NULL OR scope_id = $5)
      ORDER BY id ${direction} LIMIT $6`,
    values: [
      transaction.tenantId,
      after,
      filter.in_force ?? null,
      filter.scope ?? null,
      filter.scope_id ?? null,
      limit,
    ],
  });
}

/** Reads a legal hold, and locks it when it is about to change. @throws NotFoundError */
export async function requireHold(
  transaction: TenantTransaction,
  id: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<HoldRow> {
  const rows = await transaction.query<HoldRow>({
    table: 'legal_holds',
    text: `SELECT * FROM legal_holds WHERE tenant_id = $1 AND id = $2 ${lock}`,
    values: [transaction.tenantId, id],
  });
  return requireRow(rows, `There is no legal hold ${id}.`);
}

/** Inserts a legal hold. */
export async function insertHold(
  transaction: TenantTransaction,
  { scope, scope_id: scopeId, ground, reference = null }: BodyOf<typeof routes.legalHolds.place>,
  placedBy: string,
): Promise<HoldRow> {
  const rows = await transaction.query<HoldRow>({
    table: 'legal_holds',
    text: `
      INSERT INTO legal_holds (id, tenant_id, scope, scope_id, ground, reference, placed_by)
      VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *`,
    values: [uuidv7(), transaction.tenantId, scope, scopeId, ground, reference, placedBy],
  });
  return oneRow(rows);
}

/**
 * Records the person who requests the release of a legal hold. Both this and `releaseHold` read the clock under the lock
 * of the hold, not at the start of the transaction: a CHECK requires that the request precedes the release.
 */
export async function requestRelease(transaction: TenantTransaction, id: string, personId: string): Promise<HoldRow> {
  const rows = await transaction.query<HoldRow>({
    table: 'legal_holds',
    text: `
      UPDATE legal_holds SET release_requested_by = $3, release_requested_at = clock_timestamp(), version = version + 1
      WHERE tenant_id = $1 AND id = $2 RETURNING *`,
    values: [transaction.tenantId, id, personId],
  });
  return oneRow(rows);
}

/** Releases a legal hold. A CHECK requires that another person has requested it. */
export async function releaseHold(transaction: TenantTransaction, id: string, personId: string): Promise<HoldRow> {
  const rows = await transaction.query<HoldRow>({
    table: 'legal_holds',
    text: `
      UPDATE legal_holds SET released_by = $3, released_at = clock_timestamp(), version = version + 1
      WHERE tenant_id = $1 AND id = $2 RETURNING *`,
    values: [transaction.tenantId, id, personId],
  });
  return oneRow(rows);
}

/** Returns the role of a member and locks it until the transaction ends; undefined for persons who are no members. */
export async function lockRole(transaction: TenantTransaction, personId: string): Promise<Role | undefined> {
  const [member] = await transaction.query<{ readonly role: Role }>({
    table: 'memberships',
    text: 'SELECT role FROM memberships WHERE tenant_id = $1 AND user_id = $2 FOR SHARE',
    values: [transaction.tenantId, personId],
  });
  return member?.role;
}

/** Reports whether a person is an operator with a live key, and locks the operator until the transaction ends. */
export async function lockLiveOperator(transaction: TenantTransaction, personId: string): Promise<boolean> {
  const operators = await transaction.query({
    table: 'platform_operators',
    text: `SELECT 1 FROM platform_operators WHERE id = $1 AND ${IS_LIVE} FOR SHARE`,
    values: [personId],
  });
  return operators.length > 0;
}

/** Asserts that a resource that a legal hold is placed on exists. @throws NotFoundError */
export async function requireHoldTarget(transaction: TenantTransaction, scope: HoldScope, id: string): Promise<void> {
  const rows = await transaction.query({ ...SELECT_TARGET[scope], values: [transaction.tenantId, id] });
  requireRow(rows, `There is no ${scope.replace('_', ' ')} ${id}.`, 'scope_id');
}

const SELECT_TARGET = {
  tenant: { table: 'tenants', text: 'SELECT 1 FROM tenants WHERE id = $1 AND id = $2' },
  project: { table: 'projects', text: 'SELECT 1 FROM projects WHERE tenant_id = $1 AND id = $2' },
  // The keys of a person who has left the tenant, and the data created with them, may still exist.
  user: {
    table: 'memberships',
    text: `
      SELECT 1 FROM memberships WHERE tenant_id = $1 AND user_id = $2
      UNION ALL SELECT 1 FROM api_keys WHERE tenant_id = $1 AND user_id = $2 LIMIT 1`,
  },
  api_key: { table: 'api_keys', text: 'SELECT 1 FROM api_keys WHERE tenant_id = $1 AND id = $2' },
  generation: {
    table: 'generations',
    text: 'SELECT 1 FROM generations WHERE tenant_id = $1 AND id = $2',
  },
  file: { table: 'files', text: 'SELECT 1 FROM files WHERE tenant_id = $1 AND id = $2' },
} as const satisfies Record<HoldScope, Query>;
