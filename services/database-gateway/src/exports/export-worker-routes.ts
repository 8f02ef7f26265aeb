import { internalRoutes } from '@aion/contracts';
import { bindRoute, requireTenantCaller, type BoundRoute } from '@aion/http';
import type { ExportClaims } from './export-claims.ts';

/** Creates the routes by which workers claim exports and report their progress and end. */
export function createExportWorkerRoutes(claims: ExportClaims): readonly BoundRoute[] {
  return [
    bindRoute(internalRoutes.exports.claim, ({ params, body, identity }) =>
      claims.claim(params.export_id, { ...body, tenant_id: requireTenantCaller(identity).tenant_id }),
    ),
    bindRoute(internalRoutes.exports.renew, async ({ params, body, identity }) => {
      await claims.renew(params.export_id, { ...body, tenant_id: requireTenantCaller(identity).tenant_id });
      return undefined;
    }),
    bindRoute(internalRoutes.exports.complete, async ({ params, body, identity }) => {
      const { tenant_id, actor } = requireTenantCaller(identity);
      await claims.complete(params.export_id, { ...body, tenant_id }, actor);
      return undefined;
    }),
    bindRoute(internalRoutes.exports.fail, async ({ params, body, identity }) => {
      const { tenant_id, actor } = requireTenantCaller(identity);
      await claims.fail(params.export_id, { ...body, tenant_id }, actor);
      return undefined;
    }),
  ];
}
