import { listAuditEvents, readAuditEvents } from '@aion/contracts';
import { bindRoute, type BoundRoute, type ServiceClient } from '@aion/http';
import { requireKey } from '../admission/authorise.ts';
import { readPage } from '../paging/page.ts';

/** Creates the routes by which a tenant reads its audit trail. */
export function createAuditRoutes({ database }: { readonly database: ServiceClient }): readonly BoundRoute[] {
  return [
    bindRoute(listAuditEvents, ({ query: { action, ...query }, identity, signal }) => {
      const params = { tenant_id: requireKey(identity).tenantId };
      return readPage({
        list: 'audit-events',
        query,
        read: async (limit, position) => {
          const before = position === undefined ? undefined : Number(position);
          return (await database.call(readAuditEvents, { params, query: { limit, before, action }, signal })).data;
        },
        positionOf: ({ seq }) => String(seq),
      });
    }),
  ];
}
