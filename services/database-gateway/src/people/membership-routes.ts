import {
  ROLE_SCOPES,
  internalRoute,
  type BodyOf,
  type Caller,
  type Membership,
  type Role,
  routes,
} from '@aion/contracts';
import { ConflictError, PermissionDeniedError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { TenantTransaction } from '../database/database.ts';
import { assertNotOnLegalHold } from '../holds/assert-not-on-legal-hold.ts';
import { revokeKeysOfUser } from '../keys/key-store.ts';
import { assertHasScopes } from '../management/assert-has-scopes.ts';
import { assertIfMatch } from '../management/assert-if-match.ts';
import { listById } from '../management/list-by-id.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { toVersioned } from '../management/to-versioned.ts';
import { assertEmailAvailable } from './assert-email-available.ts';
import {
  countMemberships,
  deleteMembership,
  findMembershipId,
  hasOtherOwner,
  insertMembership,
  lockMemberships,
  requireMembership,
  selectMemberships,
  updateRole,
  type MembershipRow,
} from './membership-store.ts';
import { requireEmail } from './user-store.ts';

/** Creates the routes of the memberships of a tenant. */
export function createMembershipRoutes({ forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenant(internalRoute(routes.memberships.list), (transaction, { query }) =>
      listById({
        list: 'memberships',
        query,
        read: (page) => selectMemberships(transaction, page, query),
        toItem: toMembership,
      }),
    ),
    forTenant(internalRoute(routes.memberships.create), (transaction, { body, caller }) =>
      addMember(transaction, body, caller),
    ),
    forTenant(internalRoute(routes.memberships.get), async (transaction, { params }) =>
      toVersioned(await requireMembership(transaction, params.membership_id), toMembership),
    ),
    forTenant(internalRoute(routes.memberships.update), (transaction, { params, body, caller }) =>
      changeRole(transaction, params.membership_id, body.role, caller),
    ),
    forTenant(internalRoute(routes.memberships.delete), (transaction, { params, caller }) =>
      removeMember(transaction, params.membership_id, caller),
    ),
  ];
}

/** Adds a person of another tenant. A key of the tenant may not: it would learn who is a member of other tenants. */
async function addMember(
  transaction: TenantTransaction,
  { user_id: userId, role }: BodyOf<typeof routes.memberships.create>,
  caller: Caller,
) {
  if (caller.scopes !== null) throw new PermissionDeniedError('Only the operator may add a person of another tenant.');
  await lockMemberships(transaction);
  await assertNotMember(transaction, userId);
  // The membership makes the person visible to the tenant, if the person exists.
  const row = await insertMembership(transaction, { userId, role });
  const email = await requireEmail(transaction, userId);
  await assertEmailAvailable(transaction, { id: userId, email });
  await recordEvent(transaction, caller, 'membership.created', row.id);
  return toVersioned(row, toMembership);
}

async function changeRole(transaction: TenantTransaction, id: string, newRole: Role | undefined, caller: Caller) {
  await lockMemberships(transaction);
  const current = await requireMembership(transaction, id, 'FOR UPDATE');
  assertIfMatch(caller, current);
  const role = newRole ?? current.role;
  assertMayAssign(caller, current.role);
  assertMayAssign(caller, role);
  if (role !== 'owner') await assertNotLastOwner(transaction, current);
  const row = await updateRole(transaction, id, role);
  await recordEvent(transaction, caller, 'membership.updated', id);
  return toVersioned(row, toMembership);
}

async function removeMember(transaction: TenantTransaction, id: string, caller: Caller) {
  await lockMemberships(transaction);
  // Waits for a key that is being created for the person, so that it is revoked with the others.
  const current = await requireMembership(transaction, id, 'FOR UPDATE');
  const { role, user_id: userId } = current;
  assertIfMatch(caller, current);
  assertMayAssign(caller, role);
  await assertNotLastOwner(transaction, current);
  await assertNotOnLegalHold(transaction, `The membership ${id}`, [{ scope: 'user', id: userId }]);
  await revokeKeys(transaction, userId, caller);
  await deleteMembership(transaction, id);
  await recordEvent(transaction, caller, 'membership.deleted', id);
  await recordUserDeletion(transaction, userId, caller);
  return { answer: null };
}

async function revokeKeys(transaction: TenantTransaction, userId: string, { actor }: Caller): Promise<void> {
  for (const targetId of await revokeKeysOfUser(transaction, userId)) {
    await recordAuditEvent(transaction, { actor, action: 'api_key.revoked', targetType: 'api_key', targetId });
  }
}

/** Records that the trigger has deleted the person. It has locked the person, so other tenants have finished or wait. */
async function recordUserDeletion(transaction: TenantTransaction, targetId: string, { actor }: Caller): Promise<void> {
  if ((await countMemberships(transaction, targetId)) > 0) return;
  await recordAuditEvent(transaction, { actor, action: 'user.deleted', targetType: 'user', targetId });
}

async function assertNotMember(transaction: TenantTransaction, userId: string): Promise<void> {
  const membershipId = await findMembershipId(transaction, userId);
  if (membershipId === undefined) return;
  const message = `The user ${userId} is a member of the tenant already, by the membership ${membershipId}.`;
  throw new ConflictError(message, { param: 'user_id' });
}

/** Asserts that a tenant with an owner keeps one. The memberships must be locked. @throws ConflictError */
async function assertNotLastOwner(transaction: TenantTransaction, { id, role }: MembershipRow): Promise<void> {
  if (role !== 'owner' || (await hasOtherOwner(transaction, id))) return;
  throw new ConflictError(`The membership ${id} is that of the last owner of the tenant: make another owner first.`);
}

/** Asserts that a caller has every scope of a role that it assigns or removes. @throws PermissionDeniedError */
function assertMayAssign(caller: Caller, role: Role): void {
  assertHasScopes(caller, ROLE_SCOPES[role], `assign or remove the role ${role}`, 'role');
}

function recordEvent(
  transaction: TenantTransaction,
  { actor }: Caller,
  action: string,
  targetId: string,
): Promise<void> {
  return recordAuditEvent(transaction, { actor, action, targetType: 'membership', targetId });
}

function toMembership({ id, tenant_id, user_id, role, created_at, updated_at }: MembershipRow): Membership {
  return {
    id,
    tenant_id,
    user_id,
    role,
    created_at: created_at.toISOString(),
    updated_at: updated_at.toISOString(),
  };
}
