import type { AuditEventView, QueryOf, routes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import type { SharedTransaction } from '../database/database.ts';
import { ownerPredicate } from '../management/owner-predicate.ts';
import type { PageWindow } from '../management/read-page.ts';

/** A row of `audit_events`. */
export interface AuditEventRow extends Omit<AuditEventView, 'created_at' | 'hash'> {
  readonly [column: string]: unknown;
  readonly created_at: Date;
  readonly hash: Buffer;
}

/** Content of a new row of `audit_events`. */
export interface NewAuditEvent {
  readonly actor: string;
  readonly action: string;
  readonly targetType: string;
  readonly targetId: string;
  readonly targetPath: string | null;
  readonly outcome: 'success' | 'failure';
  readonly requestId: string | null;
  readonly correlationId: string | null;
  readonly traceId: string | null;
}

type AuditFilter = Omit<QueryOf<typeof routes.auditEvents.list>, 'limit' | 'cursor' | 'order'>;

/** Reads a page of the audit events of a tenant or of the platform, in the order of their chain. */
export function selectAuditEvents(
  transaction: SharedTransaction,
  { limit, after, comparison, direction }: PageWindow,
  filter: AuditFilter,
): Promise<AuditEventRow[]> {
  return transaction.query<AuditEventRow>({
    table: 'audit_events',
    // ORDER BY includes the tenant: without it, PostgreSQL does not use the index of the chains.
    text: `
      SELECT id, seq, actor, action, target_type, target_id, target_path, outcome, request_id, correlation_id,
        trace_id, created_at, hash
      FROM audit_events
      WHERE ${ownerPredicate(transaction)} AND ($2::bigint IS NULL OR seq ${comparison} $2)
        AND ($3::text IS NULL OR action = $3) AND ($4::text IS NULL OR actor = $4)
        AND ($5::uuid IS NULL OR target_id = $5) AND ($6::text IS NULL OR outcome = $6)
        AND ($7::timestamptz IS NULL OR created_at >= $7) AND ($8::timestamptz IS NULL OR created_at < $8)
      ORDER BY tenant_id ${direction}, seq ${direction} LIMIT $9`,
    values: [
      transaction.tenantId,
      after,
      filter.action ?? null,
      filter.actor ?? null,
      filter.target_id ?? null,
      filter.outcome ?? null,
      filter.from ?? null,
      filter.to ?? null,
      limit,
    ],
  });
}

/** Inserts an audit event; a trigger appends it to the chain of its tenant or of the platform. */
export async function insertAuditEvent(transaction: SharedTransaction, event: NewAuditEvent): Promise<void> {
  await transaction.query({
    table: 'audit_events',
    text: `
      INSERT INTO audit_events (id, tenant_id, actor, action, target_type, target_id, target_path, outcome,
        request_id, correlation_id, trace_id)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    values: [
      uuidv7(),
      transaction.tenantId,
      event.actor,
      event.action,
      event.targetType,
      event.targetId,
      event.targetPath,
      event.outcome,
      event.requestId,
      event.correlationId,
      event.traceId,
    ],
  });
}
