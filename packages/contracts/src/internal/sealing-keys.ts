import { z } from 'zod';
import { count, text, uuid } from '../fields.ts';
import { sealingKeyId, decryptionFailure, sealingKeyRoutes } from '../public/sealing-keys.ts';
import { defineRoute } from '../route.ts';
import { internalRoute } from '../internal-route.ts';
import { encryptedSecret } from './providers.ts';

/** How many rows one request of a rotation looks at. */
export const ROTATION_BATCH = 100;

/** Sealed credentials of a provider, in the version that they were read in. */
const encryptedRow = z.strictObject({
  id: uuid,
  tenant_id: uuid.nullable(),
  version: z.number().int().min(1),
  sealed: encryptedSecret.extend({ key_id: z.string().max(64), bytes: z.string().max(100_000) }),
});

/** A row whose credentials are sealed. */
export type EncryptedRow = z.output<typeof encryptedRow>;

/** Internal routes of sealing keys. */
export const internalSealingKeyRoutes = {
  /** Lists what is sealed under other keys than the current one. */
  listOutdatedRows: defineRoute({
    name: 'listSealedOtherwise',
    service: 'database-gateway',
    method: 'GET',
    path: '/internal/sealed-rows',
    summary: 'List what is sealed under other keys',
    description: 'Rows of all tenants and of the platform by their ids, at most a hundred, as they are sealed.',
    auth: { kind: 'service' },
    query: z.strictObject({ key_id: sealingKeyId, after: uuid.optional() }),
    response: { status: 200, description: 'The rows.', json: z.object({ data: z.array(encryptedRow) }) },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** Counts what is sealed, by key. */
  countRows: defineRoute({
    name: 'countSealedRows',
    service: 'database-gateway',
    method: 'GET',
    path: '/internal/sealed-rows/counts',
    summary: 'Count what is sealed',
    description: 'How many rows of all tenants and of the platform are sealed under each key.',
    auth: { kind: 'service' },
    response: {
      status: 200,
      description: 'The counts.',
      json: z.object({ data: z.array(z.object({ key_id: z.string(), rows: count })) }),
    },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** Stores what was sealed anew, where the row is still as it was read; `from_key_id` is the key that it was sealed under. */
  storeRotatedRows: internalRoute(sealingKeyRoutes.rotate, {
    body: z.strictObject({
      key_id: sealingKeyId,
      resealed: z.array(encryptedRow.extend({ sealed: encryptedSecret, from_key_id: text(64) })).max(ROTATION_BATCH),
      failed: z.array(decryptionFailure).max(ROTATION_BATCH),
      next_cursor: uuid.nullable(),
    }),
  }),
};
