import { internalRoutes, routes, type Caller } from '@aion/contracts';
import { NotFoundError } from '@aion/errors';
import { bindRoute, type BoundRoute, type ServiceClient } from '@aion/http';
import { requireKey } from '../admission/authorise.ts';
import { callerOf } from '../management/caller-of.ts';
import { reveal } from '../management/forward-route.ts';
import { archiveBytes, archiveContent, fileContent, type BundleListing } from './bundle-content.ts';
import type { BundleObjects } from './bundle-objects.ts';
import { LINK_LIFETIME_SECONDS, type DownloadLinks } from './download-links.ts';
import { sendContent } from './send-content.ts';

/** What the download routes work with. */
export interface DownloadRoutesOptions {
  readonly database: ServiceClient;
  readonly objects: BundleObjects;
  readonly links: DownloadLinks;
  /** Without a slash at its end. */
  readonly publicUrl: string;
  /** How long one download may take. */
  readonly timeoutMs: number;
}

/** Creates the routes that hand out signed links and serve them. */
export function createDownloadRoutes(options: DownloadRoutesOptions): readonly BoundRoute[] {
  return [bindCreateLinks(options), bindDownloadArchive(options), bindDownloadFile(options)];
}

function bindCreateLinks({ database, links, publicUrl }: DownloadRoutesOptions): BoundRoute {
  return bindRoute(routes.exports.createDownloadLinks, async (request, reply) => {
    const { params, signal } = request;
    const { tenantId, prefix: keyPrefix } = requireKey(request.identity);
    const exportId = params.export_id;
    const caller = callerOf(routes.exports.createDownloadLinks, request);
    const made = reveal(
      await database.call(internalRoutes.exports.storeDownloadLinks, { params, caller, signal }),
      reply,
    );
    const listing = await readFiles(database, exportId, caller, signal);
    const expires = Math.floor(Date.parse(made.created_at) / 1_000) + LINK_LIFETIME_SECONDS;
    const target = { tenantId, keyPrefix, expires };
    // The links are as good as a key for as long as they work.
    reply.setHeader('cache-control', 'no-store');
    return {
      expires_at: new Date(expires * 1_000).toISOString(),
      archive: {
        url: publicUrl + links.sign({ ...target, pathname: fillIn(routes.exports.downloadArchive.path, exportId) }),
        bytes: archiveBytes(exportId, listing),
      },
      files: listing.files.map(({ path, bytes, sha256 }) => ({
        url:
          publicUrl +
          links.sign({ ...target, pathname: fillIn(routes.exports.downloadFile.path, exportId), file: path }),
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
      const listing = await readFiles(database, params.export_id, caller, signal);
      const content = archiveContent(params.export_id, listing, objects, signal);
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
      const { files } = await readFiles(database, params.export_id, caller, signal);
      const file = files.find(({ path }) => path === query.path);
      if (file === undefined) throw new NotFoundError('The bundle has no such file.');
      return sendContent(fileContent(file, objects, signal), { method: req.method, headers }, reply, () =>
        recordStart(database, params.export_id, caller, file.path, signal),
      );
    },
    { timeoutMs },
  );
}

function readFiles(
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

/** Audits a download before its first byte leaves: what cannot be recorded is not handed out. */
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

function fillIn(template: string, exportId: string): string {
  return template.replace('{export_id}', exportId);
}
