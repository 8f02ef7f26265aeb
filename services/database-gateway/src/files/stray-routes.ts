import {
  abandonObject,
  announceObject,
  claimStrayObjects,
  recordFileDownload,
  settleStrayObjects,
} from '@aion/contracts';
import { bindRoute, type BoundRoute } from '@aion/http';
import type { Database } from '../database/database.ts';
import { recordDownload } from './file-routes.ts';
import { createStrayObjectStore } from './stray-object-store.ts';

/** The routes by which web-api keeps the objects of files. */
export function createStrayRoutes(database: Database): readonly BoundRoute[] {
  const strays = createStrayObjectStore(database);
  return [
    bindRoute(recordFileDownload, async ({ params, body, signal }) => {
      await database.withTenant(
        body.tenant_id,
        (transaction) => recordDownload(transaction, params.file_id, body.actor),
        {
          signal,
        },
      );
      return undefined;
    }),
    bindRoute(announceObject, async ({ body }) => {
      await strays.announce(body);
      return undefined;
    }),
    bindRoute(abandonObject, async ({ body }) => {
      await strays.abandon(body);
      return undefined;
    }),
    bindRoute(claimStrayObjects, async ({ body }) => {
      const objects = await strays.claim(body.limit);
      return { data: objects.map((each) => ({ ...each, due_at: each.due_at.toISOString() })) };
    }),
    bindRoute(settleStrayObjects, async ({ body }) => {
      await strays.settle(body.ids);
      return undefined;
    }),
  ];
}
