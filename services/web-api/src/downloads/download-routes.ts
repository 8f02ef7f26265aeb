import { internalRoutes, routes, type Caller, type Route } from '@aion/contracts';
import { NotFoundError } from '@aion/errors';
import { bindRoute, type BoundRoute, type ServiceClient } from '@aion/http';
import { requireKey } from '../callers/authorise.ts';
import { callerOf } from '../callers/caller-of.ts';
import { applyResponseHeaders } from '../management/apply-response-headers.ts';
import { measureArchive, createArchiveContent, createFileContent, type BundleListing } from './archive-content.ts';
import type { BundleObjects } from './bundle-objects.ts';
import { LINK_LIFETIME_SECONDS, type DownloadLinks } from './download-links.ts';
import { sendContent } from './send-content.ts';

/** Options of `createDownloadRoutes`. */
export interface DownloadRoutesOptions {
  readonly database: ServiceClient;
  readonly objects: BundleObjects;
  readonly links: DownloadLinks;
  /** Public address of the platform, without a trailing slash. */
  readonly publicUrl: string;
  /** Maximum duration of one download. */
  readonly timeoutMs: number;
}

/** Creates the routes that create signed links and serve downloads. */
export function createDownloadRoutes(options: DownloadRoutesOptions): readonly BoundRoute[] {
  return [bindCreateLinks(options), bindDownloadArchive(options), bindDownloadFile(options)];
}

function bindCreateLinks({ database, links, publicUrl }: DownloadRoutesOptions): BoundRoute {
  return bindRoute(routes.exports.createDownloadLinks, async (request, reply) => {
    const { params, signal } = request;
    const { tenantId, prefix: keyPrefix } = requireKey(request.identity);
    const exportId = params.export_id;
    const caller = callerOf(routes.exports.createDownloadLinks, request);
    const response = await database.call(internalRoutes.exports.storeDownloadLinks, { params, caller, signal });
    const stored = applyResponseHeaders(response, reply);
    const listing = await readBundleFiles(database, exportId, caller, signal);
    const expires = Math.floor(Date.parse(stored.created_at) / 1_000) + LINK_LIFETIME_SECONDS;
    const createUrl = (route: Route, file?: { readonly file: string }): string => {
      const pathname = route.path.replace('{export_id}', exportId);
      return publicUrl + links.sign({ pathname, tenantId, keyPrefix, expires, ...file });
    };
    // While they are valid the links grant access like a key.
    reply.setHeader('cache-control', 'no-store');
    return {
      expires_at: new Date(expires * 1_000).toISOString(),
      archive: {
        url: createUrl(routes.exports.downloadArchive),
        bytes: measureArchive(exportId, listing),
      },
      files: listing.files.map(({ path, bytes, sha256 }) => ({
        url: createUrl(routes.exports.downloadFile, { file: path }),
        path,
        bytes,
        sha256,
      })),
    };
  });
}

function bindDownloadArchive({ database, objects, timeoutMs }: DownloadRoutesOptions): BoundRoute {
  return bindRoute(
    routes.exports.downloadArchive,
    async (request, reply) => {
      const { params, signal, req, headers } = request;
      const caller = callerOf(routes.exports.downloadArchive, request);
      const listing = await readBundleFiles(database, params.export_id, caller, signal);
      const content = createArchiveContent(params.export_id, listing, objects, signal);
      return sendContent(content, { method: req.method, headers }, reply, () =>
        recordStart(database, params.export_id, caller, null, signal),
      );
    },
    { timeoutMs },
  );
}

function bindDownloadFile({ database, objects, timeoutMs }: DownloadRoutesOptions): BoundRoute {
  return bindRoute(
    routes.exports.downloadFile,
    async (request, reply) => {
      const { params, query, signal, req, headers } = request;
      const caller = callerOf(routes.exports.downloadFile, request);
      const { files } = await readBundleFiles(database, params.export_id, caller, signal);
      const file = files.find(({ path }) => path === query.path);
      if (file === undefined) throw new NotFoundError('The bundle has no such file.');
      return sendContent(createFileContent(file, objects, signal), { method: req.method, headers }, reply, () =>
        recordStart(database, params.export_id, caller, file.path, signal),
      );
    },
    { timeoutMs },
  );
}

function readBundleFiles(
  database: ServiceClient,
  exportId: string,
  caller: Caller,
  signal: AbortSignal,
): Promise<BundleListing> {
  return database.call(internalRoutes.exports.readBundleFiles, {
    params: { export_id: exportId },
    caller,
    signal,
  });
}

/** Records the start of a download in the audit trail before its first byte is sent; without the record it fails. */
async function recordStart(
  database: ServiceClient,
  exportId: string,
  caller: Caller,
  path: string | null,
  signal: AbortSignal,
): Promise<void> {
  await database.call(internalRoutes.exports.recordDownload, {
    params: { export_id: exportId },
    body: { path },
    caller,
    signal,
  });
}
