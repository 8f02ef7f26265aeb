import { z } from 'zod';
import { count, sha256, text, timestamp, uuid } from '../fields.ts';
import { storedFile, fileRoutes } from '../public/files.ts';
import { defineRoute } from '../route.ts';
import { internalRoute } from '../internal-route.ts';

/** No other object of the store can be taken for the bytes of a file, or be removed. */
const objectKey = z.string().regex(/^files\/[0-9a-f-]{36}\/[0-9a-f-]{36}$/, 'must be files/<tenant>/<file>');

/** Internal routes of files. */
export const internalFileRoutes = {
  /** A file whose bytes are in the object store already. */
  store: internalRoute(fileRoutes.upload, {
    body: z.strictObject({ id: uuid, object_key: objectKey, content_type: text(255).min(1), bytes: count, sha256 }),
  }),
  /** Where the bytes of a file are. */
  locate: internalRoute(fileRoutes.downloadContent, { answer: storedFile.extend({ object_key: objectKey }) }),
  /** Records the download of a file in the audit trail. */
  recordDownload: defineRoute({
    name: 'recordFileDownload',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/files/{file_id}/downloads',
    summary: 'Record the download of a file',
    description: 'Writes the audit event of a download.',
    auth: { kind: 'service' },
    params: z.object({ file_id: uuid }),
    response: { status: 204, description: 'Recorded.' },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: false,
  }),
};

/** Internal routes of stray objects. */
export const internalStrayObjectRoutes = {
  /** Announces an object before it is written: unless a file comes to refer to it by then, it is to be removed. */
  announce: defineRoute({
    name: 'announceObject',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/stray-objects',
    summary: 'Announce an object',
    description: 'Written down before the first byte is, so that no kill leaves an object that nobody knows of.',
    auth: { kind: 'service' },
    body: z.strictObject({
      object_key: objectKey,
      project_id: uuid.nullable().meta({ description: 'The project that the file is to belong to; it must be there.' }),
      remove_after_ms: z.number().int().min(0).max(604_800_000),
    }),
    response: { status: 204, description: 'Announced.' },
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: false,
  }),
  /** Gives an announced object up: it is to be removed now, if no file refers to it. */
  abandon: defineRoute({
    name: 'abandonObject',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/stray-objects/abandon',
    summary: 'Abandon an object',
    description:
      'Of an upload that failed, or that was one of before. Of an object that a file refers to nothing changes.',
    auth: { kind: 'service' },
    body: z.strictObject({ object_key: objectKey }),
    response: { status: 204, description: 'Abandoned.' },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** Takes objects that are to be removed. No file can come to refer to them any more. */
  claim: defineRoute({
    name: 'claimStrayObjects',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/stray-objects/claims',
    summary: 'Take stray objects',
    description:
      'Objects that no row refers to and whose time is up. What is not settled in a minute may be taken again.',
    auth: { kind: 'service' },
    body: z.strictObject({ limit: z.number().int().min(1).max(1_000) }),
    response: {
      status: 200,
      description: 'The objects.',
      json: z.object({ data: z.array(z.object({ id: uuid, object_key: objectKey, due_at: timestamp })) }),
    },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** Says that objects are removed. */
  settle: defineRoute({
    name: 'settleStrayObjects',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/stray-objects/settlements',
    summary: 'Settle stray objects',
    description: 'Forgets objects that were taken and removed.',
    auth: { kind: 'service' },
    body: z.strictObject({ ids: z.array(uuid).max(1_000) }),
    response: { status: 204, description: 'Forgotten.' },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
};
