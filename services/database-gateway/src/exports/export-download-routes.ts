import { internalRoutes } from '@aion/contracts';
import { bindRoute, requireTenantCaller, type BoundRoute } from '@aion/http';
import type { ExportDownloads } from './export-downloads.ts';

/** Creates the routes by which web-api serves downloads of bundles. */
export function createExportDownloadRoutes(downloads: ExportDownloads): readonly BoundRoute[] {
  return [
    bindRoute(internalRoutes.exports.readBundleFiles, async ({ params, identity }) => {
      const { tenant_id: tenantId } = requireTenantCaller(identity);
      const { finishedAt, files } = await downloads.readFiles(tenantId, params.export_id);
      return { finished_at: finishedAt, files: [...files] };
    }),
    bindRoute(internalRoutes.exports.recordDownload, async ({ params, body, identity }) => {
      const { tenant_id, actor } = requireTenantCaller(identity);
      await downloads.recordDownload(params.export_id, { ...body, tenant_id, actor });
      return undefined;
    }),
  ];
}
