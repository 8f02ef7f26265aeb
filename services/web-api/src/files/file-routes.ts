import { internalRoute, internalRoutes, routes, type Caller } from '@aion/contracts';
import { InternalError, InvalidRequestError } from '@aion/errors';
import { bindRoute, type BoundRoute, type ServiceClient } from '@aion/http';
import type { Logger } from '@aion/logging';
import type { ObjectStore } from '@aion/object-store';
import { v7 as uuidv7 } from 'uuid';
import type { BundleObjects } from '../downloads/bundle-objects.ts';
import { sendContent } from '../downloads/send-content.ts';
import { callerOf } from '../callers/caller-of.ts';
import { applyResponseHeaders } from '../management/apply-response-headers.ts';
import { putHashed } from './put-hashed.ts';
import type { OrphanedObjectCleaner } from './orphaned-object-cleaner.ts';
import { parseUploadHeaders } from './parse-upload-headers.ts';

/** Options of `createFileRoutes`. */
export interface FileRoutesOptions {
  readonly database: ServiceClient;
  readonly objectStore: ObjectStore;
  readonly objects: BundleObjects;
  readonly cleaner: Pick<OrphanedObjectCleaner, 'wake'>;
  readonly logger: Logger;
  readonly maxBytes: number;
  /** Maximum duration of one upload or download. */
  readonly timeoutMs: number;
}

/** Time after the timeout of an upload, after which its object is orphaned when no file refers to it. */
const AFTER_UPLOAD_MS = 600_000;

/** Creates the routes on files that need the object store; the others are forwarded to database-gateway. */
export function createFileRoutes(options: FileRoutesOptions): readonly BoundRoute[] {
  return [bindUpload(options), bindDownload(options), bindDelete(options)];
}

/** Binds the upload. The bytes are stored durably before the row, so that no kill leaves a file without its bytes. */
function bindUpload({ database, objectStore, cleaner, logger, maxBytes, timeoutMs }: FileRoutesOptions): BoundRoute {
  const abandon = async (caller: Caller, objectKey: string): Promise<void> => {
    try {
      const body = { object_key: objectKey };
      await database.call(internalRoutes.strayObjects.abandon, { body, caller, outlivesRequest: true });
      cleaner.wake();
    } catch (error) {
      logger.warn('Abandoning the object of an upload failed, it will be deleted when it is due', { error });
    }
  };
  return bindRoute(
    routes.files.upload,
    async (request, reply) => {
      const { query, headers, signal } = request;
      // Every check that needs no bytes precedes their transfer.
      const uploader = callerOf(routes.files.upload, request);
      const { contentType, expectedSha256 } = parseUploadHeaders(headers);
      const id = uuidv7();
      const objectKey = `files/${requireTenant(uploader)}/${id}`;
      const announced = {
        object_key: objectKey,
        project_id: query.project_id ?? null,
        remove_after_ms: timeoutMs + AFTER_UPLOAD_MS,
      };
      await database.call(internalRoutes.strayObjects.announce, { body: announced, caller: uploader, signal });
      try {
        const { bytes, sha256 } = await putHashed(objectStore, objectKey, request.upload(maxBytes));
        assertDigest(sha256, expectedSha256);
        const properties = { content_type: contentType, bytes, sha256 };
        const caller = callerOf(routes.files.upload, { ...request, body: properties });
        const body = { id, object_key: objectKey, ...properties };
        const stored = await database.call(internalRoutes.files.store, { query, body, caller, signal });
        if (stored.replayed) await abandon(uploader, objectKey);
        return applyResponseHeaders(stored, reply);
      } catch (error) {
        // This has no effect on a file that was stored although the response was lost.
        await abandon(uploader, objectKey);
        throw error;
      }
    },
    { timeoutMs },
  );
}

function assertDigest(sha256: string, expected: string | undefined): void {
  if (expected === undefined || expected === sha256) return;
  const message = `The SHA-256 of the body is ${sha256} and that of Content-Digest is ${expected}: send the file again.`;
  throw new InvalidRequestError(message, { param: 'Content-Digest' });
}

function bindDownload({ database, objects, timeoutMs }: FileRoutesOptions): BoundRoute {
  return bindRoute(
    routes.files.downloadContent,
    async (request, reply) => {
      const { params, headers, signal, req } = request;
      const caller = callerOf(routes.files.downloadContent, request);
      const { answer: file } = await database.call(internalRoutes.files.locate, { params, caller, signal });
      const content = {
        contentType: 'application/octet-stream' as const,
        fileName: file.name,
        totalBytes: file.bytes,
        etag: file.sha256,
        open: (range: { readonly start: number; readonly end: number }) => objects.open(file.object_key, range, signal),
      };
      return sendContent(content, { method: req.method, headers }, reply, async () => {
        await database.call(internalRoutes.files.recordDownload, { params, caller, signal });
      });
    },
    { timeoutMs },
  );
}

function bindDelete({ database, cleaner }: FileRoutesOptions): BoundRoute {
  const internal = internalRoute(routes.files.delete);
  return bindRoute(routes.files.delete, async (request) => {
    const { params, signal } = request;
    await database.call(internal, { params, caller: callerOf(routes.files.delete, request), signal });
    cleaner.wake();
    return undefined;
  });
}

function requireTenant({ tenant_id: tenantId }: Caller): string {
  if (tenantId !== null) return tenantId;
  throw new InternalError('A route on files was reached without a tenant.');
}
