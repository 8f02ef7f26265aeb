import { internalRoutes } from '@aion/contracts';
import { bindRoute, requireTenantCaller, type BoundRoute } from '@aion/http';
import type { Database } from '../database/database.ts';
import { createStrayObjectStore } from './stray-object-store.ts';

/** Creates the routes by which web-api announces uploads and deletes stray objects. */
export function createStrayObjectRoutes(database: Database): readonly BoundRoute[] {
  const store = createStrayObjectStore(database);
  return [
    bindRoute(internalRoutes.strayObjects.announce, async ({ body, identity }) => {
      await store.announce({ ...body, tenant_id: requireTenantCaller(identity).tenant_id });
      return undefined;
    }),
    bindRoute(internalRoutes.strayObjects.abandon, async ({ body, identity }) => {
      await store.abandon({ ...body, tenant_id: requireTenantCaller(identity).tenant_id });
      return undefined;
    }),
    bindRoute(internalRoutes.strayObjects.claim, async ({ body }) => {
      const objects = await store.claim(body.limit);
      return { data: objects.map((object) => ({ ...object, due_at: object.due_at.toISOString() })) };
    }),
    bindRoute(internalRoutes.strayObjects.settle, async ({ body }) => {
      await store.settle(body.ids);
      return undefined;
    }),
  ];
}
