import { internalRoute, type AuditEventView, routes } from '@aion/contracts';
import type { BoundRoute } from '@aion/http';
import type { RouteBinder } from '../management/route-binder.ts';
import { readPage } from '../management/read-page.ts';
import { selectAuditEvents, type AuditEventRow } from './audit-event-store.ts';

/** Creates the route of the audit trail of a tenant or of the platform. */
export function createAuditRoutes({ forTenantOrPlatform }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenantOrPlatform(internalRoute(routes.auditEvents.list), (transaction, { query }) =>
      readPage({
        list: 'audit-events',
        positions: 'number',
        query,
        read: async (page) => (await selectAuditEvents(transaction, page, query)).map(toAuditEvent),
        positionOf: ({ seq }) => String(seq),
      }),
    ),
  ];
}

function toAuditEvent(row: AuditEventRow): AuditEventView {
  return { ...row, created_at: row.created_at.toISOString(), hash: row.hash.toString('hex') };
}
