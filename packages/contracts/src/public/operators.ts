import { z } from 'zod';
import { displayName, keyStatus, listOrder, pageOf, pageQuery, timestamp, utcDay, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** An operator: a person who administers the installation. */
export const operator = z
  .object({
    id: uuid,
    name: displayName,
    prefix: z.string().meta({ description: 'The public part of the key, by which it is recognised.' }),
    created_at: timestamp,
    expires_at: timestamp.nullable(),
    revoked_at: timestamp.nullable(),
    last_used_on: utcDay.nullable().meta({ description: 'The last day, in UTC, on which the key was accepted.' }),
  })
  .meta({ id: 'Operator' });

/** An operator: a person who administers the installation. */
export type Operator = z.output<typeof operator>;

/** Fields of a new operator. */
export const wantedOperator = z.strictObject({ name: displayName, expires_at: timestamp.nullish() });

/** An operator with the key, which only the answer that creates it contains. */
export const createdOperator = operator.extend({
  key: z.string().meta({ description: 'The secret. Store it: it is not shown again.' }),
});

const created = { status: 201, description: 'The operator with the key, shown once.', json: createdOperator } as const;

/** Routes of operators. */
export const operatorRoutes = {
  /** `POST /api/v1/init`. */
  init: defineRoute({
    name: 'initPlatform',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/init',
    summary: 'Create the first operator',
    description:
      'Creates the first operator of an installation, with the one-time secret `AION_INIT_SECRET`. Rejected while there is ' +
      'an operator who is not revoked, even if the key has expired. `aion init` calls it.',
    auth: { kind: 'init' },
    body: wantedOperator,
    response: created,
    errors: ['CONFLICT', 'UNAVAILABLE'],
    idempotent: false,
  }),
  /** `GET /api/v1/operators`. */
  list: defineRoute({
    name: 'listOperators',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/operators',
    summary: 'List the operators',
    description: 'The operators of the installation, newest first by default, including revoked and expired ones.',
    auth: { kind: 'operator' },
    query: pageQuery.extend({ status: keyStatus.optional(), order: listOrder }),
    response: { status: 200, description: 'A page of operators.', json: pageOf(operator) },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** `POST /api/v1/operators`. */
  create: defineRoute({
    name: 'createOperator',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/operators',
    summary: 'Create an operator',
    description: 'Creates another operator. Only this answer contains the key.',
    auth: { kind: 'operator' },
    body: wantedOperator,
    response: created,
    errors: ['UNAVAILABLE'],
    idempotent: false,
  }),
  /** `DELETE /api/v1/operators/{operator_id}`. */
  revoke: defineRoute({
    name: 'revokeOperator',
    service: 'web-api',
    method: 'DELETE',
    path: '/api/v1/operators/{operator_id}',
    summary: 'Revoke an operator',
    description:
      "Revokes an operator's key permanently; it is rejected everywhere within a second. The last operator with a live key " +
      'cannot be revoked. Repeating it changes nothing.',
    auth: { kind: 'operator' },
    params: z.object({ operator_id: uuid }),
    response: { status: 200, description: 'The revoked operator.', json: operator },
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: true,
  }),
};
