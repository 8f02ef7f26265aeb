import type { AuditEventView } from '@aion/contracts';
import type { Database } from '../database/database.ts';

/** Which events of a tenant are listed. */
export interface AuditEventFilter {
  readonly limit: number;
  /** Only events before this number of the chain. */
  readonly before?: number | undefined;
  readonly action?: string | undefined;
}

interface AuditEventRow extends Omit<AuditEventView, 'created_at' | 'hash'> {
  readonly [column: string]: unknown;
  readonly created_at: Date;
  readonly hash: Buffer;
}

/** The events of a tenant, newest first. */
export async function listAuditEvents(
  database: Database,
  tenantId: string,
  { limit, before, action }: AuditEventFilter,
): Promise<AuditEventView[]> {
  const rows = await database.withTenant(tenantId, (transaction) =>
    transaction.query<AuditEventRow>({
      operation: 'SELECT',
      table: 'audit_events',
      text: `
        SELECT id, seq, actor, action, target_type, target_id, target_path, outcome, request_id, correlation_id,
          trace_id, created_at, hash
        FROM audit_events
        WHERE tenant_id = $1 AND ($2::bigint IS NULL OR seq < $2) AND ($3::text IS NULL OR action = $3)
        ORDER BY seq DESC LIMIT $4`,
      values: [tenantId, before ?? null, action ?? null, limit],
    }),
  );
  return rows.map((row) => ({
    ...row,
    created_at: row.created_at.toISOString(),
    hash: row.hash.toString('hex'),
  }));
}
