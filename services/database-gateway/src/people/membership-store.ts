import type { QueryOf, Role, routes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import type { TenantTransaction } from '../database/database.ts';
import { oneRow } from '../database/one-row.ts';
import { requireRow } from '../database/require-row.ts';
import type { PageWindow } from '../management/read-page.ts';

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

type MembershipFilter = Pick<QueryOf<typeof routes.memberships.list>, 'role' | 'user_id'>;

/**
 * Locks the memberships of a tenant until the transaction ends, so that two concurrent transactions can neither remove
 * the last two owners nor both add the same person.
 */
export async function lockMemberships(transaction: TenantTransaction): Promise<void> {
  await transaction.query({
    table: 'pg_catalog',
    text: `SELECT pg_advisory_xact_lock(hashtextextended('aion-members:' || $1::uuid::text, 0))`,
    values: [transaction.tenantId],
  });
}

/** Reads a page of the memberships of a tenant. */
export function selectMemberships(
  transaction: TenantTransaction,
  { limit, after, comparison, direction }: PageWindow,
  { role, user_id: userId }: MembershipFilter,
): Promise<MembershipRow[]> {
  return transaction.query<MembershipRow>({
    table: 'memberships',
    text: `
      SELECT * FROM memberships
      WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id ${comparison} $2) AND ($3::text IS NULL OR role = $3)
        AND ($4::uuid IS NULL OR user_id = $4)
      ORDER BY id ${direction} LIMIT $5`,
    values: [transaction.tenantId, after, role ?? null, userId ?? null, limit],
  });
}

/** Reads a membership, and locks it when it is about to change. @throws NotFoundError */
export async function requireMembership(
  transaction: TenantTransaction,
  id: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<MembershipRow> {
  const rows = await transaction.query<MembershipRow>({
    table: 'memberships',
    text: `SELECT * FROM memberships WHERE tenant_id = $1 AND id = $2 ${lock}`,
    values: [transaction.tenantId, id],
  });
  return requireRow(rows, `There is no membership ${id}.`);
}

/** Returns the id of the membership of a user, if the user is a member of the tenant. */
export async function findMembershipId(transaction: TenantTransaction, userId: string): Promise<string | undefined> {
  const [row] = await transaction.query<{ readonly id: string }>({
    table: 'memberships',
    text: 'SELECT id FROM memberships WHERE tenant_id = $1 AND user_id = $2',
    values: [transaction.tenantId, userId],
  });
  return row?.id;
}

/** Reports whether the tenant has another owner than the one with this membership. */
export async function hasOtherOwner(transaction: TenantTransaction, membershipId: string): Promise<boolean> {
  const others = await transaction.query({
    table: 'memberships',
    text: `SELECT 1 FROM memberships WHERE tenant_id = $1 AND role = 'owner' AND id <> $2 LIMIT 1`,
    values: [transaction.tenantId, membershipId],
  });
  return others.length > 0;
}

/** Counts the tenants that a person is a member of; a transaction sees only the membership in its own tenant. */
export async function countMemberships(transaction: TenantTransaction, userId: string): Promise<number> {
  const rows = await transaction.query<{ readonly memberships: number }>({
    functionOf: 'memberships',
    text: 'SELECT count_memberships($1) AS memberships',
    values: [userId],
  });
  return oneRow(rows).memberships;
}

/** Inserts a membership. Its user may be inserted after it, in the same transaction. */
export async function insertMembership(
  transaction: TenantTransaction,
  { userId, role }: { readonly userId: string; readonly role: Role },
): Promise<MembershipRow> {
  const rows = await transaction.query<MembershipRow>({
    table: 'memberships',
    text: 'INSERT INTO memberships (id, tenant_id, user_id, role) VALUES ($1, $2, $3, $4) RETURNING *',
    values: [uuidv7(), transaction.tenantId, userId, role],
  });
  return oneRow(rows);
}

/** Updates the role of a membership. */
export async function updateRole(transaction: TenantTransaction, id: string, role: Role): Promise<MembershipRow> {
  const rows = await transaction.query<MembershipRow>({
    table: 'memberships',
    text: `
      UPDATE memberships SET role = $3, updated_at = now(), version = version + 1
      WHERE tenant_id = $1 AND id = $2 RETURNING *`,
    values: [transaction.tenantId, id, role],
  });
  return oneRow(rows);
}

/** Deletes a membership. A trigger deletes the person with the last one, since a tenant does not see the others. */
export async function deleteMembership(transaction: TenantTransaction, id: string): Promise<void> {
  await transaction.query({
    table: 'memberships',
    text: 'DELETE FROM memberships WHERE tenant_id = $1 AND id = $2',
    values: [transaction.tenantId, id],
  });
}
