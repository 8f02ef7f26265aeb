import type { QueryOf, User, routes } from '@aion/contracts';
import type { TenantTransaction } from '../database/database.ts';
import { requireRow } from '../database/require-row.ts';
import type { PageWindow } from '../management/read-page.ts';

/** A row of `users`, joined with the membership in the tenant. */
export interface UserRow extends Omit<User, 'created_at' | 'updated_at'> {
  readonly [column: string]: unknown;
  readonly created_at: Date;
  readonly updated_at: Date;
  /** Sum of the versions of user and membership, since the role is part of what is shown: it grows with either. */
  readonly version: number;
}

type UserFilter = Pick<QueryOf<typeof routes.users.list>, 'role' | 'email'>;

const SELECT_MEMBERS = `
  SELECT u.id, u.email, u.name, m.role, m.id AS membership_id, u.created_at,
    greatest(u.updated_at, m.updated_at) AS updated_at, u.version + m.version AS version
  FROM memberships m JOIN users u ON u.id = m.user_id
  WHERE m.tenant_id = $1`;

/** Reads a page of the people of a tenant. */
export function selectUsers(
  transaction: TenantTransaction,
  { limit, after, comparison, direction }: PageWindow,
  { role, email }: UserFilter,
): Promise<UserRow[]> {
  return transaction.query<UserRow>({
    table: 'users',
    text: `
      ${SELECT_MEMBERS} AND ($2::uuid IS NULL OR m.user_id ${comparison} $2) AND ($3::text IS NULL OR m.role = $3)
        AND ($4::text IS NULL OR lower(u.email) = lower($4))
      ORDER BY m.user_id ${direction} LIMIT $5`,
    values: [transaction.tenantId, after, role ?? null, email ?? null, limit],
  });
}

/** Reads a member of the tenant, and locks the user and the membership when they are about to change. @throws NotFoundError */
export async function requireUser(
  transaction: TenantTransaction,
  id: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<UserRow> {
  const rows = await transaction.query<UserRow>({
    table: 'users',
    text: `${SELECT_MEMBERS} AND m.user_id = $2 ${lock}`,
    values: [transaction.tenantId, id],
  });
  return requireRow(rows, `There is no user ${id}.`);
}

/**
 * Reads the address of a person who has just been added to the tenant. The lock keeps the person from being deleted with
 * the last of the other memberships. @throws NotFoundError
 */
export async function requireEmail(transaction: TenantTransaction, id: string): Promise<string> {
  const rows = await transaction.query<{ readonly email: string }>({
    table: 'users',
    text: `
      SELECT email FROM users u
      WHERE u.id = $2 AND EXISTS (SELECT 1 FROM memberships m WHERE m.tenant_id = $1 AND m.user_id = u.id)
      FOR KEY SHARE`,
    values: [transaction.tenantId, id],
  });
  return requireRow(rows, `There is no user ${id}.`, 'user_id').email;
}

/** Returns the id of another member of the tenant with the same address, if there is one. */
export async function findOtherWithEmail(
  transaction: TenantTransaction,
  { id, email }: { readonly id: string; readonly email: string },
): Promise<string | undefined> {
  const [row] = await transaction.query<{ readonly id: string }>({
    table: 'users',
    text: `
      SELECT u.id FROM memberships m JOIN users u ON u.id = m.user_id
      WHERE m.tenant_id = $1 AND lower(u.email) = lower($2) AND u.id <> $3 LIMIT 1`,
    values: [transaction.tenantId, email, id],
  });
  return row?.id;
}

/** Inserts a user, whose membership must exist. */
export async function insertUser(
  transaction: TenantTransaction,
  { id, email, name }: { readonly id: string; readonly email: string; readonly name: string },
): Promise<void> {
  await transaction.query({
    table: 'users',
    text: 'INSERT INTO users (id, email, name) VALUES ($1, $2, $3)',
    values: [id, email, name],
  });
}

/** Updates the name of a member of the tenant. */
export async function updateUserName(transaction: TenantTransaction, id: string, name: string): Promise<void> {
  await transaction.query({
    table: 'users',
    text: `
      UPDATE users u SET name = $3, updated_at = now(), version = version + 1
      WHERE u.id = $2 AND EXISTS (SELECT 1 FROM memberships m WHERE m.tenant_id = $1 AND m.user_id = u.id)`,
    values: [transaction.tenantId, id, name],
  });
}
