import { internalRoute, internalRoutes, routes, type Caller } from '@aion/contracts';
import { InternalError, InvalidRequestError } from '@aion/errors';
import { bindRoute, type BoundRoute, type ServiceClient } from '@aion/http';
import type { Logger } from '@aion/logging';
import type { ObjectStore } from '@aion/object-store';
import { v7 as uuidv7 } from 'uuid';
import type { BundleObjects } from '../downloads/bundle-objects.ts';
import { sendContent } from '../downloads/send-content.ts';
import { callerOf } from '../management/caller-of.ts';
import { reveal } from '../management/forward-route.ts';
import { putHashed } from './put-hashed.ts';
import type { OrphanedObjectCleaner } from './orphaned-object-cleaner.ts';
import { contentTypeOf, expectedDigestOf } from './upload-headers.ts';

/** What the routes on the bytes of files work with. */
export interface FileRoutesOptions {
  readonly database: ServiceClient;
  readonly objectStore: ObjectStore;
  readonly objects: BundleObjects;
  readonly cleaner: Pick<OrphanedObjectCleaner, 'wake'>;
  readonly logger: Logger;
  readonly maxBytes: number;
  /** How long one upload or download may take. */
  readonly timeoutMs: number;
}

/** An upload that has ended by then in no file is swept. */
const AFTER_UPLOAD_MS = 600_000;

/** Creates the routes that need the object store; database-gateway carries out the others as they are. */
export function createFileRoutes(options: FileRoutesOptions): readonly BoundRoute[] {
  return [bindUpload(options), bindDownload(options), bindDelete(options)];
}

/** The bytes are stored, durably, before the row is: a file without its bytes there is not, whatever is killed. */
function bindUpload({ database, objectStore, cleaner, logger, maxBytes, timeoutMs }: FileRoutesOptions): BoundRoute {
  const abandon = async (caller: Caller, objectKey: string): Promise<void> => {
    try {
      const body = { object_key: objectKey };
      await database.call(internalRoutes.strayObjects.abandon, { body, caller, outlivesRequest: true });
      cleaner.wake();
    } catch (error) {
      logger.warn('The object of an upload could not be abandoned; it is swept when its time is up', { error });
    }
  };
  return bindRoute(
    routes.files.upload,
    async (request, reply) => {
      const { query, headers, signal } = request;
      // What can be refused is refused before the bytes are read.
      const uploader = callerOf(routes.files.upload, request);
      const [contentType, expected] = [contentTypeOf(headers), expectedDigestOf(headers)];
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
        assertDigest(sha256, expected);
        const facts = { content_type: contentType, bytes, sha256 };
        const caller = callerOf(routes.files.upload, { ...request, body: facts });
        const body = { id, object_key: objectKey, ...facts };
        const stored = await database.call(internalRoutes.files.store, { query, body, caller, signal });
        if (stored.replayed) await abandon(uploader, objectKey);
        return reveal(stored, reply);
      } catch (error) {
        // Of a file that was stored, although its answer was lost, this takes nothing away.
        await abandon(uploader, objectKey);
        throw error;
      }
    },
    { timeoutMs },
  );
}

function assertDigest(sha256: string, expected: string | undefined): void {
  if (expected === undefined || expected === sha256) return;
  throw new InvalidRequestError(
    `The SHA-256 of the body is ${sha256}, and Content-Digest says ${expected}: send it again.`,
    {
      param: 'Content-Digest',
    },
  );
}

function bindDownload({ database, objects, timeoutMs }: FileRoutesOptions): BoundRoute {
  return bindRoute(
    routes.files.downloadContent,
    async (request, reply) => {
      const { params, headers, signal, req } = request;
      const caller = callerOf(routes.files.downloadContent, request);
      const { answer: file } = await database.call(internalRoutes.files.locate, {
        params,
        caller,
        signal,
      });
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
  const stored = internalRoute(routes.files.delete);
  return bindRoute(routes.files.delete, async (request) => {
    const { params, signal } = request;
    await database.call(stored, { params, caller: callerOf(routes.files.delete, request), signal });
    cleaner.wake();
    return undefined;
  });
}

function requireTenant({ tenant_id: tenantId }: Caller): string {
  if (tenantId !== null) return tenantId;
  throw new InternalError('A route on files was reached for no tenant.');
}
