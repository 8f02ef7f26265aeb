import { z } from 'zod';
import { count, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** Why something stayed as it was sealed: this process lacks the key, or what is stored was changed. */
export const DECRYPTION_FAILURES = ['unknown_key', 'damaged'] as const;

/** An id of a sealing key, which tells nothing of the key. */
export const sealingKeyId = z.string().regex(/^[0-9a-f]{16}$/);

/** What could not be opened, so that it was not sealed anew. */
export const decryptionFailure = z
  .strictObject({
    provider_id: uuid,
    tenant_id: uuid.nullable().meta({ description: 'Whose it is; null for one of the platform.' }),
    key_id: z.string().meta({ description: 'The key that it is sealed under.' }),
    reason: z.enum(DECRYPTION_FAILURES).meta({
      description:
        '`unknown_key`: neither the current sealing key nor one of the former ones. `damaged`: what is stored was ' +
        'changed, or belongs to another row.',
    }),
  })
  .meta({ id: 'UnsealFailure' });

/** What could not be opened. */
export type DecryptionFailure = z.output<typeof decryptionFailure>;

/** How far a rotation has come. */
export const sealingKeyRotation = z
  .object({
    key_id: sealingKeyId.meta({ description: 'The current sealing key.' }),
    resealed: count.meta({ description: 'How many this request has sealed anew.' }),
    failed: z.array(decryptionFailure).meta({ description: 'What this request has looked at and could not open.' }),
    remaining: count.meta({ description: 'How many are still sealed under other keys, those that failed included.' }),
    next_cursor: uuid
      .nullable()
      .meta({ description: 'Goes on behind what this request has looked at; null at the end.' }),
  })
  .meta({ id: 'SealingKeyRotation' });

/** Routes of sealing keys. */
export const sealingKeyRoutes = {
  /** `POST /api/v1/sealing-keys/rotation`. */
  rotate: defineRoute({
    name: 'rotateSealingKeys',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/sealing-keys/rotation',
    summary: 'Seal anew under the current key',
    description:
      'Seals what is sealed under former keys anew under the current one, of all tenants and of the platform, a hundred ' +
      'at a time: send it again with `next_cursor` until that is null. It may be broken off, begun again, and sent by ' +
      'several at once; what is changed meanwhile keeps its change. A former key is needed until `remaining` is 0 and a ' +
      'day has passed, in which answers to requests with an `Idempotency-Key` are kept sealed. `aion keys rotate` calls it.',
    auth: { kind: 'operator' },
    query: z.strictObject({
      cursor: uuid.optional().meta({ description: 'The `next_cursor` of the request before; the first one has none.' }),
    }),
    response: { status: 200, description: 'What was done, and what is left.', json: sealingKeyRotation },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
};
