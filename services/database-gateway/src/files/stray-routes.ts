import { internalRoutes } from '@aion/contracts';
import { bindRoute, requireTenantCaller, type BoundRoute } from '@aion/http';
import type { Database } from '../database/database.ts';
import { recordDownload } from './file-routes.ts';
import { createStrayObjectStore } from './stray-object-store.ts';

/** The routes by which web-api keeps the objects of files. */
export function createStrayRoutes(database: Database): readonly BoundRoute[] {
  const strays = createStrayObjectStore(database);
  return [
    bindRoute(internalRoutes.files.recordDownload, async ({ params, identity, signal }) => {
      const { tenant_id: tenantId, actor } = requireTenantCaller(identity);
      await database.withTenant(tenantId, (transaction) => recordDownload(transaction, params.file_id, actor), {
        signal,
      });
      return undefined;
    }),
    bindRoute(internalRoutes.strayObjects.announce, async ({ body, identity }) => {
      await strays.announce({ ...body, tenant_id: requireTenantCaller(identity).tenant_id });
      return undefined;
    }),
    bindRoute(internalRoutes.strayObjects.abandon, async ({ body, identity }) => {
      await strays.abandon({ ...body, tenant_id: requireTenantCaller(identity).tenant_id });
      return undefined;
    }),
    bindRoute(internalRoutes.strayObjects.claim, async ({ body }) => {
      const objects = await strays.claim(body.limit);
      return { data: objects.map((each) => ({ ...each, due_at: each.due_at.toISOString() })) };
    }),
    bindRoute(internalRoutes.strayObjects.settle, async ({ body }) => {
      await strays.settle(body.ids);
      return undefined;
    }),
  ];
}
