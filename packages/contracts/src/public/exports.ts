import { z } from 'zod';
import { count, listOrder, pageOf, pageQuery, sha256, timestamp, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** The states of an export; `ready` and `failed` are final. */
export const EXPORT_STATES = ['requested', 'running', 'sealing', 'ready', 'failed'] as const;

/** One of `EXPORT_STATES`. */
export type ExportState = (typeof EXPORT_STATES)[number];

/** Reports whether an export is in a final state, which never changes. */
export function isFinalExport({ state }: { readonly state: ExportState }): boolean {
  return state === 'ready' || state === 'failed';
}

/**
 * Reasons for a failed export, for its owner and for metrics. Workers report all but the last three, with which
 * database-gateway fails an export that no worker ends.
 */
export const EXPORT_FAILURE_CODES = [
  'INVALID_RECIPIENT',
  'ROW_TOO_LARGE',
  'ROW_UNREADABLE',
  'ROW_COUNT_MISMATCH',
  'SCHEMA_DRIFT',
  'UNAVAILABLE',
  'EXPORT_FAILED',
  'WORKERS_LOST',
  'NO_PROGRESS',
  'ATTEMPTS_EXHAUSTED',
] as const;

/** One of `EXPORT_FAILURE_CODES`. */
export type ExportFailureCode = (typeof EXPORT_FAILURE_CODES)[number];

/** An age X25519 recipient. Its checksum is verified where it is used. */
export const ageRecipient = z
  .string()
  .max(200)
  .regex(/^[!-~]+$/, 'must be an age recipient such as age1...')
  .meta({
    description: 'An age recipient (`age1...`). AION never has its identity.',
    example: 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
  });

/** A tenant's export. */
export const tenantExport = z
  .object({
    id: uuid,
    tenant_id: uuid,
    state: z.enum(EXPORT_STATES),
    recipient: ageRecipient,
    created_at: timestamp,
    started_at: timestamp.nullable(),
    finished_at: timestamp.nullable(),
    progress: z.object({ tables_total: count, tables_done: count, rows_total: count, rows: count, bytes: count }),
    bundle: z
      .object({ files: count, bytes: count, rows: count, manifest_sha256: sha256 })
      .nullable()
      .meta({ description: 'Contents of the finalized bundle; null until the export is ready.' }),
    failure: z
      .object({
        // Not an enumeration: a client must be able to parse codes of a newer release.
        code: z.string().meta({ description: `One of ${EXPORT_FAILURE_CODES.join(', ')}.` }),
        message: z.string().meta({ description: 'How to fix it, in a sentence for people.' }),
      })
      .nullable(),
  })
  .meta({ id: 'Export' });

/** A tenant's export. */
export type TenantExport = z.output<typeof tenantExport>;

const exportParams = z.object({ export_id: uuid });

const link = z.object({ url: z.url(), bytes: count });

const signedQuery = z.strictObject({
  tenant: uuid,
  key: z
    .string()
    .regex(/^[a-z0-9]{12}$/)
    .meta({
      description: 'The prefix of the key that created the URL, which is valid as long as the key is.',
    }),
  expires: z.coerce.number().int().meta({ description: 'Unix seconds.' }),
  signature: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

/** Routes of exports. */
export const exportRoutes = {
  /** `POST /api/v1/exports`. */
  create: defineRoute({
    name: 'createExport',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/exports',
    summary: 'Request an export',
    description: 'Queues an export of everything that the tenant owns, encrypted for the given age recipient.',
    auth: { kind: 'key', scope: 'exports:write' },
    body: z.strictObject({ recipient: ageRecipient }),
    response: { status: 202, description: 'The export, queued.', json: tenantExport, etag: true },
    errors: ['CONFLICT', 'UNAVAILABLE'],
    whileReadOnly: true,
    idempotent: false,
  }),
  /** `GET /api/v1/exports`. */
  list: defineRoute({
    name: 'listExports',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/exports',
    summary: 'List the exports',
    description: "The tenant's exports, newest first.",
    auth: { kind: 'tenant', scope: 'exports:read' },
    query: pageQuery.extend({
      state: z.enum(EXPORT_STATES).optional().meta({ description: 'Only exports in this state.' }),
      order: listOrder,
    }),
    response: { status: 200, description: 'A page of exports.', json: pageOf(tenantExport) },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** `GET /api/v1/exports/{export_id}`. */
  get: defineRoute({
    name: 'getExport',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/exports/{export_id}',
    summary: 'Get an export',
    description: 'The state and the progress of one export.',
    auth: { kind: 'tenant', scope: 'exports:read' },
    params: exportParams,
    response: { status: 200, description: 'The export.', json: tenantExport, etag: true },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** `GET /api/v1/exports/{export_id}/events`. */
  watch: defineRoute({
    name: 'watchExport',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/exports/{export_id}/events',
    summary: 'Watch an export',
    description:
      'Server-sent events: `progress` with the export whenever it changes, and `ready` or `failed` as the last. ' +
      'With `Last-Event-ID`, only newer events; 204 when that was the last, so that an `EventSource` stops.',
    auth: { kind: 'key', scope: 'exports:read' },
    params: exportParams,
    response: { status: 200, description: 'The events.', stream: 'text/event-stream' },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** `POST /api/v1/exports/{export_id}/download-links`. */
  createDownloadLinks: defineRoute({
    name: 'createDownloadLinks',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/exports/{export_id}/download-links',
    summary: 'Create download links',
    description:
      'Creates signed URLs that are valid for five minutes without a key, and no longer than the key that created them: one ' +
      'for the complete bundle as a tar archive, and one for each of its files. Both support `Range`.',
    auth: { kind: 'key', scope: 'exports:read' },
    params: exportParams,
    response: {
      status: 201,
      description: 'The links.',
      json: z
        .object({
          expires_at: timestamp,
          archive: link,
          files: z.array(link.extend({ path: z.string(), sha256 })),
        })
        .meta({ id: 'DownloadLinks' }),
    },
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    whileReadOnly: true,
    idempotent: false,
  }),
  /** `GET /api/v1/exports/{export_id}/archive`. */
  downloadArchive: defineRoute({
    name: 'downloadArchive',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/exports/{export_id}/archive',
    summary: 'Download the bundle',
    description: 'The bundle as a tar archive, by a signed URL.',
    auth: { kind: 'signed-url' },
    params: exportParams,
    query: signedQuery,
    response: {
      status: 200,
      description: 'The archive, or the part of it that `Range` names (206).',
      stream: 'application/x-tar',
    },
    errors: ['NOT_FOUND', 'RANGE_NOT_SATISFIABLE', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** `GET /api/v1/exports/{export_id}/file`. */
  downloadFile: defineRoute({
    name: 'downloadFile',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/exports/{export_id}/file',
    summary: 'Download one file of the bundle',
    description: 'One file of the bundle, by a signed URL.',
    auth: { kind: 'signed-url' },
    params: exportParams,
    query: signedQuery.extend({ path: z.string().min(1).max(200) }),
    response: {
      status: 200,
      description: 'The file, or the part of it that `Range` names (206).',
      stream: 'application/octet-stream',
    },
    errors: ['NOT_FOUND', 'RANGE_NOT_SATISFIABLE', 'UNAVAILABLE'],
    idempotent: true,
  }),
};
