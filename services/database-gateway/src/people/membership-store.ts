import type { Membership, Role } from '@aion/contracts';
import { ConflictError, NotFoundError } from '@aion/errors';
import { v7 as uuidv7 } from 'uuid';
import type { TenantTransaction } from '../database/database.ts';

/** A row of `memberships`. */
export interface MembershipRow {
  readonly [column: string]: unknown;
  readonly id: string;
  readonly tenant_id: string;
  readonly user_id: string;
  readonly role: Role;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly version: number;
}

/** The membership as it is shown. */
export function toMembership({ id, tenant_id, user_id, role, ...times }: MembershipRow): Membership {
  const [created_at, updated_at] = [times.created_at.toISOString(), times.updated_at.toISOString()];
  return { id, tenant_id, user_id, role, created_at, updated_at };
}

/** Adds a membership. Its user may be written after it, in the same transaction. */
export async function insertMembership(
  transaction: TenantTransaction,
  { userId, role }: { readonly userId: string; readonly role: Role },
): Promise<MembershipRow> {
  const [row] = await transaction.query<MembershipRow>({
    operation: 'INSERT',
    table: 'memberships',
    text: 'INSERT INTO memberships (id, tenant_id, user_id, role) VALUES ($1, $2, $3, $4) RETURNING *',
    values: [uuidv7(), transaction.tenantId, userId, role],
  });
  if (row === undefined) throw new Error('INSERT gave no row');
  return row;
}

/** The membership with this id, locked when it is to be changed. @throws NotFoundError */
export async function requireMembership(
  transaction: TenantTransaction,
  id: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<MembershipRow> {
  const [row] = await transaction.query<MembershipRow>({
    operation: 'SELECT',
    table: 'memberships',
    text: `SELECT * FROM memberships WHERE tenant_id = $1 AND id = $2 ${lock}`,
    values: [transaction.tenantId, id],
  });
  if (row === undefined) throw new NotFoundError(`There is no membership ${id}.`);
  return row;
}

/** A tenant that has had an owner keeps one. The members must be locked. @throws ConflictError */
export async function refuseLastOwner(transaction: TenantTransaction, { id, role }: MembershipRow): Promise<void> {
  if (role !== 'owner') return;
  const others = await transaction.query({
    operation: 'SELECT',
    table: 'memberships',
    text: `SELECT 1 FROM memberships WHERE tenant_id = $1 AND role = 'owner' AND id <> $2 LIMIT 1`,
    values: [transaction.tenantId, id],
  });
  if (others.length > 0) return;
  throw new ConflictError(`The membership ${id} is that of the last owner of the tenant: make another owner first.`);
}

/** In how many tenants a person is, of which a transaction sees its own alone. */
export async function countMemberships(transaction: TenantTransaction, userId: string): Promise<number> {
  const [row] = await transaction.query<{ readonly memberships: number }>({
    operation: 'CALL',
    table: 'memberships',
    text: 'SELECT count_memberships($1) AS memberships',
    values: [userId],
  });
  if (row === undefined) throw new Error('SELECT gave no row');
  return row.memberships;
}
