import { z } from 'zod';
import { count, sha256, text, timestamp, uuid } from '../fields.ts';
import { ageRecipient, tenantExport, exportRoutes } from '../public/exports.ts';
import { defineRoute } from '../route.ts';
import { internalRoute } from '../internal-route.ts';

const exportParams = z.object({ export_id: uuid });

/** The column is an integer of PostgreSQL. */
const MAX_EPOCH = 2_147_483_647;

/**
 * Fencing token of a claim (column `epoch`): every write of a worker contains it, and a write with an older one is
 * rejected with CONFLICT.
 */
const claimed = { epoch: z.number().int().min(1).max(MAX_EPOCH) };

/** One file of a finalized bundle in the object store. */
export const bundleFile = z.object({ path: z.string(), key: z.string(), bytes: count, sha256 });

/** A table of a snapshot. */
export const snapshotTable = z.object({
  name: z.string(),
  order_by: z.array(z.string()).min(1),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  rows: count.meta({ description: '`count(*)` by a separate query in the same snapshot.' }),
});

/** The first line of a snapshot stream. */
export const snapshotHead = z.object({
  snapshot_id: z.string().regex(/^[0-9A-F]{8}-[0-9A-F]{8}-\d+$/),
  xid: z.string(),
  lsn: z.string(),
  taken_at: timestamp,
  schema_fingerprint: sha256,
  migration: z.string(),
  tables: z.array(snapshotTable),
  excluded: z.array(z.object({ name: z.string(), reason: z.string() })),
});

/** The first line of a snapshot stream. */
export type SnapshotHead = z.output<typeof snapshotHead>;

/** Internal routes of exports. */
export const internalExportRoutes = {
  /** Claims an export for a worker. */
  claim: defineRoute({
    name: 'claimExport',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/exports/{export_id}/claim',
    summary: 'Claim an export',
    description:
      'Issues the next fencing token and a lease, when the export is unfinished and no lease is live. CONFLICT while ' +
      'another worker has the lease, with the time to wait. An export that has ended is reported with its state.',
    auth: { kind: 'service' },
    params: exportParams,
    body: z.strictObject({ lease_ms: z.number().int().min(1_000).max(600_000) }),
    response: {
      status: 200,
      description: 'The claim, or the final state of an export that needs no work.',
      json: z.discriminatedUnion('outcome', [
        z.object({
          outcome: z.literal('claimed'),
          epoch: z.number().int(),
          recipient: ageRecipient,
          created_at: timestamp,
        }),
        z.object({ outcome: z.literal('finished'), state: z.enum(['ready', 'failed']) }),
      ]),
    },
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: false,
  }),
  /** Renews the lease and reports progress. */
  renew: defineRoute({
    name: 'renewExport',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/exports/{export_id}/lease',
    summary: 'Renew the lease of an export',
    description:
      'Extends the lease and stores the progress. CONFLICT when a newer claim exists: the worker must stop immediately.',
    auth: { kind: 'service' },
    params: exportParams,
    body: z.strictObject({
      ...claimed,
      lease_ms: z.number().int().min(1_000).max(600_000),
      state: z.enum(['running', 'sealing']),
      progress: tenantExport.shape.progress,
    }),
    response: { status: 204, description: 'Renewed.' },
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** Commits an export. */
  complete: defineRoute({
    name: 'completeExport',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/exports/{export_id}/completion',
    summary: 'Complete an export',
    description:
      'Records the files of the finalized bundle and sets the export to `ready`, in one transaction with the audit event and ' +
      'the notification. Repeating it with the same fencing token changes nothing.',
    auth: { kind: 'service' },
    params: exportParams,
    body: z.strictObject({ ...claimed, manifest_sha256: sha256, rows: count, files: z.array(bundleFile).min(1) }),
    response: { status: 204, description: 'The export is ready.' },
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** Fails an export that cannot succeed. */
  fail: defineRoute({
    name: 'failExport',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/exports/{export_id}/failure',
    summary: 'Fail an export',
    description: 'Sets the export to its final state `failed`, with a reason for its owner.',
    auth: { kind: 'service' },
    params: exportParams,
    body: z.strictObject({ ...claimed, code: text(64), message: text(1_000) }),
    response: { status: 204, description: 'The export has failed.' },
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** Opens a snapshot that lasts as long as the answer is read. */
  openSnapshot: defineRoute({
    name: 'openSnapshot',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/exports/{export_id}/snapshot',
    summary: 'Open a snapshot',
    description:
      'Keeps a REPEATABLE READ transaction open while the answer is read. The first line is the snapshot; empty ' +
      'lines follow as heartbeats. Closing the connection ends the snapshot.',
    auth: { kind: 'service' },
    params: exportParams,
    body: z.strictObject(claimed),
    response: { status: 200, description: 'The snapshot, then heartbeats.', stream: 'application/x-ndjson' },
    errors: ['NOT_FOUND', 'CONFLICT', 'SCHEMA_DRIFT', 'UNAVAILABLE'],
    idempotent: false,
  }),
  /** Streams the tenant's rows of one table at a snapshot. Any replica can serve it. */
  readSnapshotRows: defineRoute({
    name: 'readSnapshotRows',
    service: 'database-gateway',
    method: 'GET',
    path: '/internal/exports/{export_id}/rows',
    summary: 'Read the rows of a table',
    description:
      "The tenant's rows of one table as PostgreSQL's own JSON text, one a line, ordered by primary key, from the " +
      'exported snapshot. A stream that fails is aborted, never closed cleanly.',
    auth: { kind: 'service' },
    params: exportParams,
    query: z.strictObject({
      epoch: z.coerce.number().int().min(1).max(MAX_EPOCH),
      snapshot_id: snapshotHead.shape.snapshot_id,
      table: z.string().regex(/^[a-z_]+$/),
    }),
    response: { status: 200, description: 'The rows.', stream: 'application/x-ndjson' },
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** Lists the files of a ready bundle. */
  readBundleFiles: defineRoute({
    name: 'readBundleFiles',
    service: 'database-gateway',
    method: 'GET',
    path: '/internal/exports/{export_id}/files',
    summary: 'List the files of a bundle',
    description: 'The files of a ready export in the order of the archive, with their keys in the object store.',
    auth: { kind: 'service' },
    params: exportParams,
    response: {
      status: 200,
      description: 'The files.',
      json: z.object({ finished_at: timestamp, files: z.array(bundleFile) }),
    },
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** Records a download in the audit trail. */
  recordDownload: defineRoute({
    name: 'recordDownload',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/exports/{export_id}/downloads',
    summary: 'Record a download',
    description: 'Writes the audit event of a download. The URL itself is never stored.',
    auth: { kind: 'service' },
    params: exportParams,
    body: z.strictObject({ path: text(200).nullable() }),
    response: { status: 204, description: 'Recorded.' },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: false,
  }),
  /** Records the creation of download links, which are valid from the instant in the answer. */
  storeDownloadLinks: internalRoute(exportRoutes.createDownloadLinks, { answer: z.object({ created_at: timestamp }) }),
};
