import { internalRoute, type AuditEventView, routes, type QueryOf } from '@aion/contracts';
import type { BoundRoute } from '@aion/http';
import type { SharedTransaction } from '../database/database.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { ownerPredicate } from '../management/owner-predicate.ts';
import { readPage, type PageWindow } from '../management/read-page.ts';

type AuditFilter = QueryOf<typeof routes.auditEvents.list>;

interface AuditEventRow extends Omit<AuditEventView, 'created_at' | 'hash'> {
  readonly [column: string]: unknown;
  readonly created_at: Date;
  readonly hash: Buffer;
}

/** The route on the audit trail of a tenant, or of the platform. */
export function createAuditRoutes({ forTenantOrPlatform }: RouteBinder): readonly BoundRoute[] {
  return [
    forTenantOrPlatform(internalRoute(routes.auditEvents.list), (transaction, { query }) =>
      listEvents(transaction, query),
    ),
  ];
}

function listEvents(transaction: SharedTransaction, query: AuditFilter) {
  return readPage({
    list: 'audit-events',
    positions: 'number',
    query,
    read: async (page) => {
      const rows = await transaction.query<AuditEventRow>({
        operation: 'SELECT',
        table: 'audit_events',
        text: textOf(transaction, page),
        values: [
          ...[transaction.tenantId, page.after, query.action ?? null, query.actor ?? null, query.target_id ?? null],
          ...[query.outcome ?? null, query.from ?? null, query.to ?? null, page.limit],
        ],
      });
      return rows.map((row) => ({
        ...row,
        created_at: row.created_at.toISOString(),
        hash: row.hash.toString('hex'),
      }));
    },
    positionOf: ({ seq }) => String(seq),
  });
}

function textOf(transaction: SharedTransaction, { comparison, direction }: PageWindow): string {
  // By the index of the chains, which an order that leaves the tenant out does not use.
  return `
    SELECT id, seq, actor, action, target_type, target_id, target_path, outcome, request_id, correlation_id,
      trace_id, created_at, hash
    FROM audit_events
    WHERE ${ownerPredicate(transaction)} AND ($2::bigint IS NULL OR seq ${comparison} $2) AND ($3::text IS NULL OR action = $3)
      AND ($4::text IS NULL OR actor = $4) AND ($5::uuid IS NULL OR target_id = $5)
      AND ($6::text IS NULL OR outcome = $6) AND ($7::timestamptz IS NULL OR created_at >= $7)
      AND ($8::timestamptz IS NULL OR created_at < $8)
    ORDER BY tenant_id ${direction}, seq ${direction} LIMIT $9`;
}
