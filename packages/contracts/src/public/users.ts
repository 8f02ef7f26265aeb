import { z } from 'zod';
import { displayName, listOrder, pageOf, pageQuery, timestamp, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';
import { ROLES } from '../scopes.ts';

/** An address as a browser takes it (WHATWG HTML, "valid e-mail address"). */
export const emailAddress = z.string().max(320).regex(z.regexes.html5Email, 'must be an e-mail address').meta({
  example: 'ada@example.com',
});

/** What a person is in the tenant. */
export const role = z.enum(ROLES).meta({
  description:
    '`owner`: everything. `admin`: all but what the tenant is, how long data is kept and legal holds. `member`: works ' +
    'with models and files. `auditor`: sees everything but what was said to models, and changes nothing.',
});

/** A person, as the tenant sees them. */
export const user = z
  .object({
    id: uuid,
    email: emailAddress,
    name: displayName,
    role,
    membership_id: uuid.meta({ description: 'By which the role is changed, or the person is removed.' }),
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
    description: 'The people of the tenant with their roles, by when they were first made known to the installation.',
    auth: { kind: 'tenant', scope: 'members:read' },
    query: pageQuery.extend({
      role: z.enum(ROLES).optional().meta({ description: 'Only people with this role.' }),
      email: emailAddress.optional().meta({ description: 'Only people with this address, in upper or lower case.' }),
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
      'Makes a new person known, with a role in the tenant. A key can give no role that has a scope which the key itself ' +
      'lacks. No two people of a tenant have the same address. A person of another tenant is added by the operator.',
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
      'Changes what is given and leaves the rest. The name is that of the person in every tenant: who is in others, too, is ' +
      'renamed by that person or by the operator alone. A key changes nobody but its own person whose role has a scope ' +
      'which the key lacks. The address cannot be changed; the role is changed by the membership.',
    auth: { kind: 'tenant', scope: 'members:write' },
    params: userParams,
    body: z.strictObject({ name: displayName }).partial(),
    response: { status: 200, description: 'The person as they are now.', json: user, etag: true },
    conditional: true,
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: true,
  }),
};
