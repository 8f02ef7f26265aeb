import { z } from 'zod';
import { count, sha256, text, timestamp, uuid } from '../fields.ts';
import { downloadFileContent, storedFile, uploadFile } from '../public/files.ts';
import { defineRoute } from '../route.ts';
import { storedRoute } from '../stored/stored-route.ts';

/** No other object of the store can be taken for the bytes of a file, or be removed. */
const objectKey = z.string().regex(/^files\/[0-9a-f-]{36}\/[0-9a-f-]{36}$/, 'must be files/<tenant>/<file>');

/** A file whose bytes are in the object store already. */
export const storeFile = storedRoute(uploadFile, {
  body: z.strictObject({ id: uuid, object_key: objectKey, content_type: text(255).min(1), bytes: count, sha256 }),
});

/** Where the bytes of a file are. */
export const locateFile = storedRoute(downloadFileContent, { answer: storedFile.extend({ object_key: objectKey }) });

/** Records the download of a file in the audit trail. */
export const recordFileDownload = defineRoute({
  name: 'recordFileDownload',
  service: 'database-gateway',
  method: 'POST',
  path: '/internal/files/{file_id}/downloads',
  summary: 'Record the download of a file',
  description: 'Writes the audit event of a download.',
  auth: { kind: 'service' },
  params: z.object({ file_id: uuid }),
  body: z.strictObject({ tenant_id: uuid, actor: text(200).min(1) }),
  response: { status: 204, description: 'Recorded.' },
  errors: ['NOT_FOUND', 'UNAVAILABLE'],
  idempotent: false,
});

/** Announces an object before it is written: unless a file comes to refer to it by then, it is to be removed. */
export const announceObject = defineRoute({
  name: 'announceObject',
  service: 'database-gateway',
  method: 'POST',
  path: '/internal/stray-objects',
  summary: 'Announce an object',
  description: 'Written down before the first byte is, so that no kill leaves an object that nobody knows of.',
  auth: { kind: 'service' },
  body: z.strictObject({
    tenant_id: uuid,
    object_key: objectKey,
    project_id: uuid.nullable().meta({ description: 'The project that the file is to belong to; it must be there.' }),
    remove_after_ms: z.number().int().min(0).max(604_800_000),
  }),
  response: { status: 204, description: 'Announced.' },
  errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
  idempotent: false,
});

/** Gives an announced object up: it is to be removed now, if no file refers to it. */
export const abandonObject = defineRoute({
  name: 'abandonObject',
  service: 'database-gateway',
  method: 'POST',
  path: '/internal/stray-objects/abandon',
  summary: 'Abandon an object',
  description:
    'Of an upload that failed, or that was one of before. Of an object that a file refers to nothing changes.',
  auth: { kind: 'service' },
  body: z.strictObject({ tenant_id: uuid, object_key: objectKey }),
  response: { status: 204, description: 'Abandoned.' },
  errors: ['UNAVAILABLE'],
  idempotent: true,
});

/** Takes objects that are to be removed. No file can come to refer to them any more. */
export const claimStrayObjects = defineRoute({
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
});

/** Says that objects are removed. */
export const settleStrayObjects = defineRoute({
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
});
