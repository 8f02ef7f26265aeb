import { z } from 'zod';
import { listOrder, pageOf, pageQuery, timestamp, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';
import { ROLES } from '../scopes.ts';
import { role } from './users.ts';

/** The role of a person in a tenant. */
export const membership = z
  .object({ id: uuid, tenant_id: uuid, user_id: uuid, role, created_at: timestamp, updated_at: timestamp })
  .meta({ id: 'Membership' });

/** A membership. */
export type Membership = z.output<typeof membership>;

const membershipParams = z.object({ membership_id: uuid });

/** Routes of memberships. */
export const membershipRoutes = {
  /** `GET /api/v1/memberships`. */
  list: defineRoute({
    name: 'listMemberships',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/memberships',
    summary: 'List the memberships',
    description: 'The members of the tenant and their roles, newest first by default.',
    auth: { kind: 'tenant', scope: 'members:read' },
    query: pageQuery.extend({
      role: z.enum(ROLES).optional().meta({ description: 'Only memberships with this role.' }),
      user_id: uuid.optional().meta({ description: 'Only the membership of this person.' }),
      order: listOrder,
    }),
    response: { status: 200, description: 'A page of memberships.', json: pageOf(membership) },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** `POST /api/v1/tenants/{tenant_id}/memberships`. */
  create: defineRoute({
    name: 'createMembership',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/tenants/{tenant_id}/memberships',
    summary: 'Add a person to a tenant',
    description:
      'Gives an existing person a role in another tenant. Only for operators: a tenant ' +
      'cannot see the people of other tenants.',
    auth: { kind: 'operator' },
    params: z.object({ tenant_id: uuid }),
    body: z.strictObject({ user_id: uuid, role }),
    response: { status: 201, description: 'The membership.', json: membership, etag: true },
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: false,
  }),
  /** `GET /api/v1/memberships/{membership_id}`. */
  get: defineRoute({
    name: 'getMembership',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/memberships/{membership_id}',
    summary: 'Get a membership',
    description: 'A membership of the tenant.',
    auth: { kind: 'tenant', scope: 'members:read' },
    params: membershipParams,
    response: { status: 200, description: 'The membership.', json: membership, etag: true },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** `PATCH /api/v1/memberships/{membership_id}`. */
  update: defineRoute({
    name: 'updateMembership',
    service: 'web-api',
    method: 'PATCH',
    path: '/api/v1/memberships/{membership_id}',
    summary: 'Change a role',
    description:
      "Changes the role of a person, and with it the scopes of the person's keys within a second. A key can neither grant nor " +
      'change a role that has a scope which the key itself lacks. The last owner of a tenant cannot lose that role.',
    auth: { kind: 'tenant', scope: 'members:write' },
    params: membershipParams,
    body: z.strictObject({ role }).partial(),
    response: { status: 200, description: 'The changed membership.', json: membership, etag: true },
    conditional: true,
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** `DELETE /api/v1/memberships/{membership_id}`. */
  delete: defineRoute({
    name: 'deleteMembership',
    service: 'web-api',
    method: 'DELETE',
    path: '/api/v1/memberships/{membership_id}',
    summary: 'Remove a person from the tenant',
    description:
      "Ends a membership and revokes the person's keys in the tenant, which are rejected everywhere within a second. A " +
      'person who is in no other tenant is deleted. A key cannot remove a role that has a scope which the key itself ' +
      'lacks. The last owner of a tenant cannot be removed, nor a person under a legal hold on the person or the tenant.',
    auth: { kind: 'tenant', scope: 'members:write' },
    params: membershipParams,
    response: { status: 204, description: 'The person is no longer in the tenant.' },
    conditional: true,
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: true,
  }),
};
