import { ROLE_SCOPES, internalRoute, type Caller, type Role, routes, type BodyOf, type QueryOf } from '@aion/contracts';
import { ConflictError, NotFoundError, PermissionDeniedError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { TenantTransaction } from '../database/database.ts';
import { assertNotOnLegalHold } from '../holds/assert-not-on-legal-hold.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { assertIfMatch } from '../management/assert-if-match.ts';
import { readPage } from '../management/read-page.ts';
import { assertHasScopes } from '../management/assert-has-scopes.ts';
import { lockMembers, refuseTakenEmail } from './lock-members.ts';
import {
  countMemberships,
  insertMembership,
  refuseLastOwner,
  requireMembership,
  toMembership,
  type MembershipRow,
} from './membership-store.ts';

type NewMembership = BodyOf<typeof routes.memberships.create>;
type MembershipFilter = QueryOf<typeof routes.memberships.list>;
type MembershipChange = BodyOf<typeof routes.memberships.update>;

/** The routes on who is in a tenant, and as what. */
export function createMembershipRoutes({ forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenant(internalRoute(routes.memberships.list), (transaction, { query }) => listAll(transaction, query)),
    forTenant(internalRoute(routes.memberships.create), (transaction, { body, caller }) =>
      add(transaction, body, caller),
    ),
    forTenant(internalRoute(routes.memberships.get), async (transaction, { params }) =>
      versioned(await requireMembership(transaction, params.membership_id)),
    ),
    forTenant(internalRoute(routes.memberships.update), (transaction, { params, body, caller }) =>
      change(transaction, params.membership_id, body, caller),
    ),
    forTenant(internalRoute(routes.memberships.delete), (transaction, { params, caller }) =>
      remove(transaction, params.membership_id, caller),
    ),
  ];
}

function versioned(row: MembershipRow) {
  return { answer: toMembership(row), version: row.version };
}

function listAll(transaction: TenantTransaction, query: MembershipFilter) {
  return readPage({
    list: 'memberships',
    positions: 'uuid',
    query,
    read: async ({ limit, after, comparison, direction }) => {
      const rows = await transaction.query<MembershipRow>({
        operation: 'SELECT',
        table: 'memberships',
        text: `
          SELECT * FROM memberships
          WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id ${comparison} $2) AND ($3::text IS NULL OR role = $3)
            AND ($4::uuid IS NULL OR user_id = $4)
          ORDER BY id ${direction} LIMIT $5`,
        values: [transaction.tenantId, after, query.role ?? null, query.user_id ?? null, limit],
      });
      return rows.map(toMembership);
    },
    positionOf: ({ id }) => id,
  });
}

/** Adds a person who is in another tenant. Nobody of a tenant may: it would learn who is in others. */
async function add(transaction: TenantTransaction, { user_id: userId, role }: NewMembership, caller: Caller) {
  if (caller.scopes !== null) throw new PermissionDeniedError('Only the operator may add a person of another tenant.');
  await lockMembers(transaction);
  await refuseMember(transaction, userId);
  // From here on the tenant sees the person, if there is one.
  const row = await insertMembership(transaction, { userId, role });
  const [person] = await transaction.query<{ readonly email: string }>({
    operation: 'SELECT',
    table: 'users',
    // The lock keeps a person whose other tenants remove them at this moment.
    text: `
      SELECT email FROM users u
      WHERE u.id = $2 AND EXISTS (SELECT 1 FROM memberships m WHERE m.tenant_id = $1 AND m.user_id = u.id)
      FOR KEY SHARE`,
    values: [transaction.tenantId, userId],
  });
  if (person === undefined) throw new NotFoundError(`There is no user ${userId}.`, { param: 'user_id' });
  await refuseTakenEmail(transaction, { id: userId, email: person.email });
  await record(transaction, caller, 'membership.created', row.id);
  return versioned(row);
}

async function refuseMember(transaction: TenantTransaction, userId: string): Promise<void> {
  const [known] = await transaction.query<{ readonly id: string }>({
    operation: 'SELECT',
    table: 'memberships',
    text: 'SELECT id FROM memberships WHERE tenant_id = $1 AND user_id = $2',
    values: [transaction.tenantId, userId],
  });
  if (known === undefined) return;
  const message = `The user ${userId} is in the tenant already, by the membership ${known.id}.`;
  throw new ConflictError(message, { param: 'user_id' });
}

async function change(transaction: TenantTransaction, id: string, wanted: MembershipChange, caller: Caller) {
  await lockMembers(transaction);
  const current = await requireMembership(transaction, id, 'FOR UPDATE');
  assertIfMatch(caller, current);
  const { role = current.role } = wanted;
  refuseRole(caller, current.role);
  refuseRole(caller, role);
  if (role !== 'owner') await refuseLastOwner(transaction, current);
  const [row] = await transaction.query<MembershipRow>({
    operation: 'UPDATE',
    table: 'memberships',
    text: `
      UPDATE memberships SET role = $3, updated_at = now(), version = version + 1
      WHERE tenant_id = $1 AND id = $2 RETURNING *`,
    values: [transaction.tenantId, id, role],
  });
  if (row === undefined) throw new Error('UPDATE gave no row');
  await record(transaction, caller, 'membership.updated', id);
  return versioned(row);
}

/** The last membership of a person takes the person with it: a trigger does, since no tenant sees the others. */
async function remove(transaction: TenantTransaction, id: string, caller: Caller) {
  await lockMembers(transaction);
  // Waits for a key that is being made for the person, which is revoked with the others.
  const current = await requireMembership(transaction, id, 'FOR UPDATE');
  assertIfMatch(caller, current);
  refuseRole(caller, current.role);
  await refuseLastOwner(transaction, current);
  await assertNotOnLegalHold(transaction, `The membership ${id}`, [{ scope: 'user', id: current.user_id }]);
  await revokeKeys(transaction, current.user_id, caller);
  await transaction.query({
    operation: 'DELETE',
    table: 'memberships',
    text: 'DELETE FROM memberships WHERE tenant_id = $1 AND id = $2',
    values: [transaction.tenantId, id],
  });
  await record(transaction, caller, 'membership.deleted', id);
  await recordDeletion(transaction, current.user_id, caller);
  return { answer: null };
}

/** The trigger has locked the person: what was done of them in other tenants at the same time is done, or waits. */
async function recordDeletion(transaction: TenantTransaction, targetId: string, { actor }: Caller): Promise<void> {
  if ((await countMemberships(transaction, targetId)) > 0) return;
  await recordAuditEvent(transaction, { actor, action: 'user.deleted', targetType: 'user', targetId });
}

async function revokeKeys(transaction: TenantTransaction, userId: string, { actor }: Caller): Promise<void> {
  const keys = await transaction.query<{ readonly id: string }>({
    operation: 'UPDATE',
    table: 'api_keys',
    text: `
      UPDATE api_keys SET revoked_at = now(), updated_at = now(), version = version + 1
      WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL RETURNING id`,
    values: [transaction.tenantId, userId],
  });
  for (const { id: targetId } of keys) {
    await recordAuditEvent(transaction, { actor, action: 'api_key.revoked', targetType: 'api_key', targetId });
  }
}

/** Nobody gives or takes what they lack. */
function refuseRole(caller: Caller, role: Role): void {
  assertHasScopes(caller, ROLE_SCOPES[role], `give it to somebody by the role ${role}, nor take it away`, 'role');
}

function record(transaction: TenantTransaction, { actor }: Caller, action: string, targetId: string): Promise<void> {
  return recordAuditEvent(transaction, { actor, action, targetType: 'membership', targetId });
}
