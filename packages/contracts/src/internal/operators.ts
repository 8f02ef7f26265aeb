import { z } from 'zod';
import { sha256, uuid } from '../fields.ts';
import { createOperator, initPlatform, operator, wantedOperator } from '../public/operators.ts';
import { defineRoute } from '../route.ts';
import { storedRoute } from '../stored/stored-route.ts';
import { sealedSecret, storedKeyFields } from './keys.ts';

/** The operator's key by its keyed hash, and the key itself sealed for a request that is sent again. */
const newOperator = wantedOperator.extend(storedKeyFields);
const storedOperator = operator.extend({ sealed_key: sealedSecret });

/** Stores the first operator. */
export const storeFirstOperator = storedRoute(initPlatform, { body: newOperator, answer: storedOperator });

/** Stores a further operator. */
export const storeOperator = storedRoute(createOperator, { body: newOperator, answer: storedOperator });

/** Finds an operator by the public prefix of the key. */
export const findOperator = defineRoute({
  name: 'findOperator',
  service: 'database-gateway',
  method: 'GET',
  path: '/internal/operators/{prefix}',
  summary: 'Find an operator',
  description: 'The operator with this prefix and the keyed hash, whatever its state: the caller decides.',
  auth: { kind: 'service' },
  params: z.object({ prefix: z.string().regex(/^[a-z0-9]{12}$/) }),
  response: {
    status: 200,
    description: 'The operator.',
    json: operator.pick({ id: true, expires_at: true, revoked_at: true }).extend({ id: uuid, key_hash: sha256 }),
  },
  errors: ['NOT_FOUND', 'UNAVAILABLE'],
  idempotent: true,
});
