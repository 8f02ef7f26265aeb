import { ROLE_SCOPES, internalRoute, type BodyOf, type Caller, type User, routes } from '@aion/contracts';
import { PermissionDeniedError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { v7 as uuidv7 } from 'uuid';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { TenantTransaction } from '../database/database.ts';
import { assertHasScopes } from '../management/assert-has-scopes.ts';
import { assertIfMatch } from '../management/assert-if-match.ts';
import { listById } from '../management/list-by-id.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { toVersioned } from '../management/to-versioned.ts';
import { assertEmailAvailable } from './assert-email-available.ts';
import { countMemberships, insertMembership, lockMemberships } from './membership-store.ts';
import { insertUser, requireUser, selectUsers, updateUserName, type UserRow } from './user-store.ts';

/** Creates the routes of the people of a tenant. */
export function createUserRoutes({ forTenant }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenant(internalRoute(routes.users.list), (transaction, { query }) =>
      listById({ list: 'users', query, read: (page) => selectUsers(transaction, page, query), toItem: toUser }),
    ),
    forTenant(internalRoute(routes.users.create), (transaction, { body, caller }) =>
      createUser(transaction, body, caller),
    ),
    forTenant(internalRoute(routes.users.get), async (transaction, { params }) =>
      toVersioned(await requireUser(transaction, params.user_id), toUser),
    ),
    forTenant(internalRoute(routes.users.update), (transaction, { params, body, caller }) =>
      renameUser(transaction, params.user_id, body.name, caller),
    ),
  ];
}

async function createUser(
  transaction: TenantTransaction,
  { email, name, role }: BodyOf<typeof routes.users.create>,
  caller: Caller,
) {
  assertHasScopes(caller, ROLE_SCOPES[role], `assign the role ${role}`, 'role');
  await lockMemberships(transaction);
  const id = uuidv7();
  await assertEmailAvailable(transaction, { id, email });
  const { id: membershipId } = await insertMembership(transaction, { userId: id, role });
  await insertUser(transaction, { id, email, name });
  const { actor } = caller;
  await recordAuditEvent(transaction, { actor, action: 'user.created', targetType: 'user', targetId: id });
  await recordAuditEvent(transaction, {
    actor,
    action: 'membership.created',
    targetType: 'membership',
    targetId: membershipId,
  });
  return toVersioned(await requireUser(transaction, id), toUser);
}

async function renameUser(transaction: TenantTransaction, id: string, name: string | undefined, caller: Caller) {
  const current = await requireUser(transaction, id, 'FOR UPDATE');
  assertIfMatch(caller, current);
  if (caller.person_id !== id) await assertMayRename(transaction, current, caller);
  await updateUserName(transaction, id, name ?? current.name);
  const { actor } = caller;
  await recordAuditEvent(transaction, { actor, action: 'user.updated', targetType: 'user', targetId: id });
  return toVersioned(await requireUser(transaction, id), toUser);
}

/**
 * Asserts that a caller has every scope of the person's role, and that the person is a member of no other tenant, which
 * would see the new name. The person must be locked, so that nobody adds it to another tenant meanwhile.
 * @throws PermissionDeniedError
 */
async function assertMayRename(transaction: TenantTransaction, { id, role }: UserRow, caller: Caller): Promise<void> {
  assertHasScopes(caller, ROLE_SCOPES[role], `change the person ${id}, who has the role ${role}`, 'user_id');
  if (caller.scopes === null || (await countMemberships(transaction, id)) <= 1) return;
  throw new PermissionDeniedError(
    `The name of the person ${id} does not belong to this tenant alone: only that person or the operator changes it.`,
    { param: 'user_id' },
  );
}

function toUser({ id, email, name, role, membership_id, created_at, updated_at }: UserRow): User {
  return {
    id,
    email,
    name,
    role,
    membership_id,
    created_at: created_at.toISOString(),
    updated_at: updated_at.toISOString(),
  };
}
