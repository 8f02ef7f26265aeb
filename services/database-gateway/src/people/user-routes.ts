import { ROLE_SCOPES, internalRoute, type Caller, type User, routes, type BodyOf, type QueryOf } from '@aion/contracts';
import { NotFoundError, PermissionDeniedError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { v7 as uuidv7 } from 'uuid';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { TenantTransaction } from '../database/database.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { assertIfMatch } from '../management/assert-if-match.ts';
import { readPage } from '../management/read-page.ts';
import { assertHasScopes } from '../management/assert-has-scopes.ts';
import { lockMembers, refuseTakenEmail } from './lock-members.ts';
import { countMemberships, insertMembership } from './membership-store.ts';

type NewUser = BodyOf<typeof routes.users.create>;
type UserFilter = QueryOf<typeof routes.users.list>;
type UserChange = BodyOf<typeof routes.users.update>;

interface UserRow extends Omit<User, 'created_at' | 'updated_at'> {
  readonly [column: string]: unknown;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly version: number;
}

/** The role is part of what is shown, so the version is that of both: it grows with either. */
const MEMBERS = `
  SELECT u.id, u.email, u.name, m.role, m.id AS membership_id, u.created_at,
    greatest(u.updated_at, m.updated_at) AS updated_at, u.version + m.version AS version
  FROM memberships m JOIN users u ON u.id = m.user_id
  WHERE m.tenant_id = $1`;

/** The routes on the people of a tenant. */
export function createUserRoutes({ forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenant(internalRoute(routes.users.list), (transaction, { query }) => listAll(transaction, query)),
    forTenant(internalRoute(routes.users.create), (transaction, { body, caller }) =>
      insertUser(transaction, body, caller),
    ),
    forTenant(internalRoute(routes.users.get), async (transaction, { params }) =>
      versioned(await requireUser(transaction, params.user_id)),
    ),
    forTenant(internalRoute(routes.users.update), (transaction, { params, body, caller }) =>
      changeUser(transaction, params.user_id, body, caller),
    ),
  ];
}

function toUser({ id, email, name, role, membership_id, ...times }: UserRow): User {
  const [created_at, updated_at] = [times.created_at.toISOString(), times.updated_at.toISOString()];
  return { id, email, name, role, membership_id, created_at, updated_at };
}

function versioned(row: UserRow) {
  return { answer: toUser(row), version: row.version };
}

function listAll(transaction: TenantTransaction, query: UserFilter) {
  return readPage({
    list: 'users',
    positions: 'uuid',
    query,
    read: async ({ limit, after, comparison, direction }) => {
      const rows = await transaction.query<UserRow>({
        operation: 'SELECT',
        table: 'users',
        text: `
          ${MEMBERS} AND ($2::uuid IS NULL OR m.user_id ${comparison} $2) AND ($3::text IS NULL OR m.role = $3)
            AND ($4::text IS NULL OR lower(u.email) = lower($4))
          ORDER BY m.user_id ${direction} LIMIT $5`,
        values: [transaction.tenantId, after, query.role ?? null, query.email ?? null, limit],
      });
      return rows.map(toUser);
    },
    positionOf: ({ id }) => id,
  });
}

async function insertUser(transaction: TenantTransaction, { email, name, role }: NewUser, caller: Caller) {
  assertHasScopes(caller, ROLE_SCOPES[role], `give it to somebody by the role ${role}`, 'role');
  await lockMembers(transaction);
  const id = uuidv7();
  await refuseTakenEmail(transaction, { id, email });
  const membership = await insertMembership(transaction, { userId: id, role });
  await transaction.query({
    operation: 'INSERT',
    table: 'users',
    text: 'INSERT INTO users (id, email, name) VALUES ($1, $2, $3)',
    values: [id, email, name],
  });
  const { actor } = caller;
  await recordAuditEvent(transaction, { actor, action: 'user.created', targetType: 'user', targetId: id });
  await recordAuditEvent(transaction, {
    ...{ actor, action: 'membership.created', targetType: 'membership', targetId: membership.id },
  });
  return versioned(await requireUser(transaction, id));
}

async function changeUser(transaction: TenantTransaction, id: string, change: UserChange, caller: Caller) {
  const current = await requireUser(transaction, id, 'FOR UPDATE');
  assertIfMatch(caller, current);
  if (caller.person_id !== id) await refuseRenaming(transaction, current, caller);
  await transaction.query({
    operation: 'UPDATE',
    table: 'users',
    text: `
      UPDATE users u SET name = $3, updated_at = now(), version = version + 1
      WHERE u.id = $2 AND EXISTS (SELECT 1 FROM memberships m WHERE m.tenant_id = $1 AND m.user_id = u.id)`,
    values: [transaction.tenantId, id, change.name ?? current.name],
  });
  await recordAuditEvent(transaction, {
    ...{ actor: caller.actor, action: 'user.updated', targetType: 'user', targetId: id },
  });
  return versioned(await requireUser(transaction, id));
}

/**
 * Nobody changes whoever may do more, and no tenant changes how others see a person. The person is locked, so that none is
 * added to a further tenant meanwhile.
 */
async function refuseRenaming(transaction: TenantTransaction, { id, role }: UserRow, caller: Caller): Promise<void> {
  assertHasScopes(caller, ROLE_SCOPES[role], `change the person ${id}, who has the role ${role}`, 'user_id');
  if (caller.scopes === null || (await countMemberships(transaction, id)) <= 1) return;
  throw new PermissionDeniedError(
    `The name of the person ${id} is not the tenant's alone: only that person or the operator changes it.`,
    { param: 'user_id' },
  );
}

async function requireUser(transaction: TenantTransaction, id: string, lock: '' | 'FOR UPDATE' = ''): Promise<UserRow> {
  const [row] = await transaction.query<UserRow>({
    operation: 'SELECT',
    table: 'users',
    text: `${MEMBERS} AND m.user_id = $2 ${lock}`,
    values: [transaction.tenantId, id],
  });
  if (row === undefined) throw new NotFoundError(`There is no user ${id}.`);
  return row;
}
