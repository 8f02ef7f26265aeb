import { z } from 'zod';
import { count, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** Reasons for which a secret could not be re-encrypted: this process lacks the key, or the stored value was changed. */
export const DECRYPTION_FAILURES = ['unknown_key', 'damaged'] as const;

/** Id of an encryption key, from which the key cannot be derived. */
export const sealingKeyId = z.string().regex(/^[0-9a-f]{16}$/);

/** A secret that could not be decrypted, so that it was not re-encrypted. */
export const decryptionFailure = z
  .strictObject({
    provider_id: uuid,
    tenant_id: uuid.nullable().meta({ description: 'The owner; null for the platform.' }),
    key_id: z.string().meta({ description: 'The key under which it is encrypted.' }),
    reason: z.enum(DECRYPTION_FAILURES).meta({
      description:
        '`unknown_key`: neither the current encryption key nor a former one. `damaged`: the stored value was ' +
        'changed, or belongs to another row.',
    }),
  })
  .meta({ id: 'UnsealFailure' });

/** A secret that could not be decrypted. */
export type DecryptionFailure = z.output<typeof decryptionFailure>;

/** Progress of a rotation. */
export const sealingKeyRotation = z
  .object({
    key_id: sealingKeyId.meta({ description: 'The current encryption key.' }),
    resealed: count.meta({ description: 'Number of secrets that this request re-encrypted.' }),
    failed: z.array(decryptionFailure).meta({ description: 'Secrets that this request could not decrypt.' }),
    remaining: count.meta({
      description: 'Number of secrets still encrypted under other keys, including failed ones.',
    }),
    next_cursor: uuid.nullable().meta({ description: 'Cursor of the next request; null at the end.' }),
  })
  .meta({ id: 'SealingKeyRotation' });

/** Routes of encryption keys. */
export const sealingKeyRoutes = {
  /** `POST /api/v1/sealing-keys/rotation`. */
  rotate: defineRoute({
    name: 'rotateSealingKeys',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/sealing-keys/rotation',
    summary: 'Re-encrypt under the current key',
    description:
      'Re-encrypts secrets of all tenants and of the platform that are encrypted under former keys, a hundred at a time: ' +
      'send it again with `next_cursor` until that is null. It can be interrupted, restarted, and sent concurrently; ' +
      'concurrent changes of a secret are preserved. A former key is needed until `remaining` is 0 and a day has passed, ' +
      'for which encrypted answers to requests with an `Idempotency-Key` are stored. `aion keys rotate` calls it.',
    auth: { kind: 'operator' },
    query: z.strictObject({
      cursor: uuid
        .optional()
        .meta({ description: 'The `next_cursor` of the previous request; omitted in the first one.' }),
    }),
    response: { status: 200, description: 'The progress of the rotation.', json: sealingKeyRotation },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
};
