import { z } from 'zod';
import { count, listOrder, pageOf, pageQuery, sha256, text, timestamp, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** Name of a file: 1 to 255 characters without control characters. */
const fileName = text(255)
  .min(1)
  .regex(/^[^\u0000-\u001f\u007f]*$/, 'must not contain control characters');

/** A file of a tenant. Its bytes never change. */
export const storedFile = z
  .object({
    id: uuid,
    tenant_id: uuid,
    project_id: uuid.nullable(),
    name: fileName,
    content_type: z.string().meta({ description: 'As declared by the sender; AION does not inspect files.' }),
    bytes: count,
    sha256: sha256.meta({ description: 'The SHA-256 of the bytes, which is also the `ETag` of the content.' }),
    created_at: timestamp,
  })
  .meta({ id: 'File' });

/** A file of a tenant. */
export type StoredFile = z.output<typeof storedFile>;

const fileParams = z.object({ file_id: uuid });

/** Routes of files. */
export const fileRoutes = {
  /** `POST /api/v1/files`. */
  upload: defineRoute({
    name: 'uploadFile',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/files',
    summary: 'Upload a file',
    description:
      'The body is the file, with any `Content-Type` and without a `Content-Encoding`. It is stored unchanged, up to the limit ' +
      'of the installation (`AION_MAX_FILE_BYTES`), and hashed: with a `Content-Digest` it is rejected unless the digests ' +
      'are equal. With an `Idempotency-Key` the same bytes are stored as one file.',
    auth: { kind: 'tenant', scope: 'files:write' },
    query: z.strictObject({
      name: fileName,
      project_id: uuid.optional().meta({ description: 'The project that the file belongs to.' }),
    }),
    upload: true,
    response: { status: 201, description: 'The file.', json: storedFile },
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: false,
  }),
  /** `GET /api/v1/files`. */
  list: defineRoute({
    name: 'listFiles',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/files',
    summary: 'List the files',
    description: "The tenant's files.",
    auth: { kind: 'tenant', scope: 'files:read' },
    query: pageQuery.extend({
      project_id: uuid.optional().meta({ description: 'Only files of this project.' }),
      name: fileName.optional().meta({ description: 'Only files with exactly this name.' }),
      order: listOrder,
    }),
    response: { status: 200, description: 'A page of files.', json: pageOf(storedFile) },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** `GET /api/v1/files/{file_id}`. */
  get: defineRoute({
    name: 'getFile',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/files/{file_id}',
    summary: 'Get the metadata of a file',
    description: 'The file without its bytes.',
    auth: { kind: 'tenant', scope: 'files:read' },
    params: fileParams,
    response: { status: 200, description: 'The file.', json: storedFile },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** `GET /api/v1/files/{file_id}/content`. */
  downloadContent: defineRoute({
    name: 'downloadFileContent',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/files/{file_id}/content',
    summary: 'Download a file',
    description:
      'The bytes of a file, always as an attachment of the type `application/octet-stream`. `Range` and `If-Range` are ' +
      'supported. Operators cannot read the files of tenants.',
    auth: { kind: 'key', scope: 'files:read' },
    params: fileParams,
    response: {
      status: 200,
      description: 'The file, or the part of it that `Range` names (206).',
      stream: 'application/octet-stream',
    },
    errors: ['NOT_FOUND', 'RANGE_NOT_SATISFIABLE', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** `DELETE /api/v1/files/{file_id}`. */
  delete: defineRoute({
    name: 'deleteFile',
    service: 'web-api',
    method: 'DELETE',
    path: '/api/v1/files/{file_id}',
    summary: 'Delete a file',
    description:
      'Deletes the file, and its bytes soon after. A legal hold on the file, its project or the tenant ' +
      'rejects it.',
    auth: { kind: 'tenant', scope: 'files:write' },
    params: fileParams,
    response: { status: 204, description: 'Deleted.' },
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    idempotent: true,
  }),
};
