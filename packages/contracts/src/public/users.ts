import { z } from 'zod';
import { displayName, listOrder, pageOf, pageQuery, timestamp, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';
import { ROLES } from '../scopes.ts';

/** An address that a browser accepts (WHATWG HTML, "valid e-mail address"). */
export const emailAddress = z.string().max(320).regex(z.regexes.html5Email, 'must be an e-mail address').meta({
  example: 'ada@example.com',
});

/** Role of a person in the tenant. */
export const role = z.enum(ROLES).meta({
  description:
    '`owner`: everything. `admin`: everything except tenant settings, retention and legal holds. `member`: works ' +
    'with models and files. `auditor`: reads everything except the content of generations, and changes nothing.',
});

/** A person, as the tenant sees them. */
export const user = z
  .object({
    id: uuid,
    email: emailAddress,
    name: displayName,
    role,
    membership_id: uuid.meta({ description: 'The membership, for changing the role or removing the person.' }),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: 'User' });

/** A person, as the tenant sees them. */
export type User = z.output<typeof user>;

const userParams = z.object({ user_id: uuid });

/** Routes of users. */
export const userRoutes = {
  /** `GET /api/v1/users`. */
  list: defineRoute({
    name: 'listUsers',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/users',
    summary: 'List the people',
    description: 'The people of the tenant with their roles, ordered by creation in the installation.',
    auth: { kind: 'tenant', scope: 'members:read' },
    query: pageQuery.extend({
      role: z.enum(ROLES).optional().meta({ description: 'Only people with this role.' }),
      email: emailAddress.optional().meta({ description: 'Only people with this address, regardless of case.' }),
      order: listOrder,
    }),
    response: { status: 200, description: 'A page of people.', json: pageOf(user) },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** `POST /api/v1/users`. */
  create: defineRoute({
    name: 'createUser',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/users',
    summary: 'Create a person',
    description:
      'Creates a person with a role in the tenant. A key cannot grant a role that has a scope which the key itself ' +
      'lacks. The address is unique in a tenant. A person of another tenant is added by an operator.',
    auth: { kind: 'tenant', scope: 'members:write' },
    body: z.strictObject({ email: emailAddress, name: displayName, role }),
    response: { status: 201, description: 'The person.', json: user, etag: true },
    errors: ['CONFLICT', 'UNAVAILABLE'],
    idempotent: false,
  }),
  /** `GET /api/v1/users/{user_id}`. */
  get: defineRoute({
    name: 'getUser',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/users/{user_id}',
    summary: 'Get a person',
    description: 'A person of the tenant with the role.',
    auth: { kind: 'tenant', scope: 'members:read' },
    params: userParams,
    response: { status: 200, description: 'The person.', json: user, etag: true },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** `PATCH /api/v1/users/{user_id}`. */
  update: defineRoute({
    name: 'updateUser',
    service: 'web-api',
    method: 'PATCH',
    path: '/api/v1/users/{user_id}',
    summary: 'Change a person',
    description:
      'Changes the given fields and keeps the rest. The name is shared by all tenants: a person in several tenants is ' +
      'renamed only by that person or an operator. A key cannot change another person whose role has a scope ' +
      'that the key lacks. The address cannot be changed; the role is changed through the membership.',
    auth: { kind: 'tenant', scope: 'members:write' },
    params: userParams,
    body: z.strictObject({ name: displayName }).partial(),
    response: { status: 200, description: 'The changed person.', json: user, etag: true },
    conditional: true,
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: true,
  }),
};
