import type { BodyOf, QueryOf, Tenant, TenantState, routes } from '@aion/contracts';
import type { PlatformTransaction, TenantTransaction } from '../database/database.ts';
import { oneRow } from '../database/one-row.ts';
import { requireRow } from '../database/require-row.ts';
import type { PageWindow } from '../management/read-page.ts';

/** A row of `tenants`. */
export interface TenantRow extends Omit<Tenant, 'created_at' | 'updated_at'> {
  readonly [column: string]: unknown;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly version: number;
}

const COLUMNS = 'id, name, state, store_content, created_at, updated_at, version';

/** Reads a page of all tenants. */
export function selectTenants(
  transaction: PlatformTransaction,
  { limit, after, direction }: PageWindow,
  { state }: Pick<QueryOf<typeof routes.tenants.list>, 'state'>,
): Promise<TenantRow[]> {
  return transaction.query<TenantRow>({
    functionOf: 'tenants',
    text: `SELECT ${COLUMNS} FROM list_tenants($1, $2, $3, $4)`,
    values: [limit, after, state ?? null, direction === 'ASC'],
  });
}

/** Reads the tenant of the transaction, and locks it when it is about to change. @throws NotFoundError */
export async function requireTenant(
  transaction: TenantTransaction,
  lock: '' | 'FOR UPDATE' | 'FOR NO KEY UPDATE' = '',
): Promise<TenantRow> {
  const rows = await transaction.query<TenantRow>({
    table: 'tenants',
    text: `SELECT ${COLUMNS} FROM tenants WHERE id = $1 ${lock}`,
    values: [transaction.tenantId],
  });
  return requireRow(rows, `There is no tenant ${transaction.tenantId}.`);
}

/** Inserts the tenant of the transaction. */
export async function insertTenant(
  transaction: TenantTransaction,
  { name, store_content: storeContent }: BodyOf<typeof routes.tenants.create>,
): Promise<TenantRow> {
  const rows = await transaction.query<TenantRow>({
    table: 'tenants',
    text: `INSERT INTO tenants (id, name, store_content) VALUES ($1, $2, $3) RETURNING ${COLUMNS}`,
    values: [transaction.tenantId, name, storeContent],
  });
  return oneRow(rows);
}

/** Updates the tenant of the transaction. */
export async function updateTenant(
  transaction: TenantTransaction,
  values: { readonly name: string; readonly storeContent: boolean; readonly state: TenantState },
): Promise<TenantRow> {
  const rows = await transaction.query<TenantRow>({
    table: 'tenants',
    text: `
      UPDATE tenants SET name = $2, store_content = $3, state = $4, updated_at = now(), version = version + 1
      WHERE id = $1 RETURNING ${COLUMNS}`,
    values: [transaction.tenantId, values.name, values.storeContent, values.state],
  });
  return oneRow(rows);
}
