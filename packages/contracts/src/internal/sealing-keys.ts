import { z } from 'zod';
import { count, text, uuid } from '../fields.ts';
import { sealingKeyId, decryptionFailure, sealingKeyRoutes } from '../public/sealing-keys.ts';
import { defineRoute } from '../route.ts';
import { internalRoute } from '../internal-route.ts';
import { encryptedSecret } from './providers.ts';

/** Maximum number of rows in one request of a rotation. */
export const ROTATION_BATCH = 100;

/** Encrypted credentials of a provider, with the version in which they were read. */
const encryptedRow = z.strictObject({
  id: uuid,
  tenant_id: uuid.nullable(),
  version: z.number().int().min(1),
  sealed: encryptedSecret.extend({ key_id: z.string().max(64), bytes: z.string().max(100_000) }),
});

/** A row with encrypted credentials. */
export type EncryptedRow = z.output<typeof encryptedRow>;

/** Internal routes of encryption keys. */
export const internalSealingKeyRoutes = {
  /** Lists rows that are encrypted under other keys than the current one. */
  listOutdatedRows: defineRoute({
    name: 'listSealedOtherwise',
    service: 'database-gateway',
    method: 'GET',
    path: '/internal/sealed-rows',
    summary: 'List rows encrypted under other keys',
    description: 'Rows of all tenants and of the platform by their ids, at most a hundred, in encrypted form.',
    auth: { kind: 'service' },
    query: z.strictObject({ key_id: sealingKeyId, after: uuid.optional() }),
    response: { status: 200, description: 'The rows.', json: z.object({ data: z.array(encryptedRow) }) },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** Counts encrypted rows by key. */
  countRows: defineRoute({
    name: 'countSealedRows',
    service: 'database-gateway',
    method: 'GET',
    path: '/internal/sealed-rows/counts',
    summary: 'Count encrypted rows',
    description: 'Number of rows of all tenants and of the platform that are encrypted under each key.',
    auth: { kind: 'service' },
    response: {
      status: 200,
      description: 'The counts.',
      json: z.object({ data: z.array(z.object({ key_id: z.string(), rows: count })) }),
    },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** Stores re-encrypted rows that are unchanged since they were read; `from_key_id` is the former key. */
  storeRotatedRows: internalRoute(sealingKeyRoutes.rotate, {
    body: z.strictObject({
      key_id: sealingKeyId,
      resealed: z.array(encryptedRow.extend({ sealed: encryptedSecret, from_key_id: text(64) })).max(ROTATION_BATCH),
      failed: z.array(decryptionFailure).max(ROTATION_BATCH),
      next_cursor: uuid.nullable(),
    }),
  }),
};
