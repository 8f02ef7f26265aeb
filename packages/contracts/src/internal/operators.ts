import { z } from 'zod';
import { sha256, uuid } from '../fields.ts';
import { operator, wantedOperator, operatorRoutes } from '../public/operators.ts';
import { defineRoute } from '../route.ts';
import { internalRoute } from '../internal-route.ts';
import { keyUse, lastRefusedOn, encryptedText, storedKeyFields } from './keys.ts';

/** The keyed hash of the operator's key, and the encrypted key for a repetition of the request. */
const newOperator = wantedOperator.extend(storedKeyFields);

const storedOperator = operator.extend({ sealed_key: encryptedText });

/** Internal routes of operators. */
export const internalOperatorRoutes = {
  /** Stores the first operator. */
  storeFirst: internalRoute(operatorRoutes.init, { body: newOperator, answer: storedOperator }),
  /** Stores another operator. */
  store: internalRoute(operatorRoutes.create, { body: newOperator, answer: storedOperator }),
  /** Finds an operator by the public prefix of the key. */
  find: defineRoute({
    name: 'findOperator',
    service: 'database-gateway',
    method: 'GET',
    path: '/internal/operators/{prefix}',
    summary: 'Find an operator',
    description: 'The operator with this prefix and the keyed hash, whatever the state; the caller decides.',
    auth: { kind: 'service' },
    params: z.object({ prefix: z.string().regex(/^[a-z0-9]{12}$/) }),
    response: {
      status: 200,
      description: 'The operator.',
      json: operator
        .pick({ id: true, expires_at: true, revoked_at: true, last_used_on: true })
        .extend({ id: uuid, key_hash: sha256, last_refused_on: lastRefusedOn }),
    },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** Records that an operator's key was accepted or rejected, as `apiKeys.recordUse` does for keys of tenants. */
  recordUse: defineRoute({
    name: 'recordOperatorUse',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/operators/{operator_id}/uses',
    summary: "Record the use of an operator's key",
    description:
      "Records the day on which an operator's genuine key was accepted or rejected, with an event of the platform's audit " +
      'chain. Repeating it on the same day changes nothing.',
    auth: { kind: 'service' },
    params: z.object({ operator_id: uuid }),
    body: z.strictObject(keyUse),
    response: { status: 204, description: 'Recorded.' },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
};
