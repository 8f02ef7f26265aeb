import { z } from 'zod';
import { count, sha256, text, timestamp, uuid } from '../fields.ts';
import { storedFile, fileRoutes } from '../public/files.ts';
import { defineRoute } from '../route.ts';
import { internalRoute } from '../internal-route.ts';

/** Restricts keys to the objects of files, so that no other object can be referenced or deleted. */
const objectKey = z.string().regex(/^files\/[0-9a-f-]{36}\/[0-9a-f-]{36}$/, 'must be files/<tenant>/<file>');

/** Internal routes of files. */
export const internalFileRoutes = {
  /** Stores a file whose bytes are already in the object store. */
  store: internalRoute(fileRoutes.upload, {
    body: z.strictObject({ id: uuid, object_key: objectKey, content_type: text(255).min(1), bytes: count, sha256 }),
  }),
  /** Returns a file with the key of its object. */
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
  /** Announces an object before it is written; it is deleted after a time unless a file refers to it. */
  announce: defineRoute({
    name: 'announceObject',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/stray-objects',
    summary: 'Announce an object',
    description: 'Recorded before the first byte is written, so that no crash leaves an unknown object.',
    auth: { kind: 'service' },
    body: z.strictObject({
      object_key: objectKey,
      project_id: uuid.nullable().meta({ description: 'The project of the file; it must exist.' }),
      remove_after_ms: z.number().int().min(0).max(604_800_000),
    }),
    response: { status: 204, description: 'Announced.' },
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: false,
  }),
  /** Abandons an announced object, which is deleted now unless a file refers to it. */
  abandon: defineRoute({
    name: 'abandonObject',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/stray-objects/abandon',
    summary: 'Abandon an object',
    description: 'For an upload that failed or was a repetition. An object that a file refers to is not changed.',
    auth: { kind: 'service' },
    body: z.strictObject({ object_key: objectKey }),
    response: { status: 204, description: 'Abandoned.' },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** Claims objects to delete. No file can refer to them from then on. */
  claim: defineRoute({
    name: 'claimStrayObjects',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/stray-objects/claims',
    summary: 'Claim stray objects',
    description:
      'Objects that no row refers to and that are due. What is not settled within a minute can be claimed again.',
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
  /** Records that claimed objects are deleted. */
  settle: defineRoute({
    name: 'settleStrayObjects',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/stray-objects/settlements',
    summary: 'Settle stray objects',
    description: 'Removes the rows of objects that were claimed and deleted.',
    auth: { kind: 'service' },
    body: z.strictObject({ ids: z.array(uuid).max(1_000) }),
    response: { status: 204, description: 'Removed.' },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
};
