import { activeIds, activeSpanIds } from '@aion/tracing';
import { v7 as uuidv7 } from 'uuid';
import type { SharedTransaction } from '../database/database.ts';

/** Something that was done, or tried, for a tenant or on the platform. */
export interface AuditEvent {
  /** Who: `operator:<id>`, `api_key:<id>`, `service:<name>`. */
  readonly actor: string;
  /** What: `<target>.<past participle>`. */
  readonly action: string;
  readonly targetType:
    | 'tenant'
    | 'user'
    | 'membership'
    | 'platform_operator'
    | 'project'
    | 'api_key'
    | 'provider_config'
    | 'budget'
    | 'file'
    | 'generation'
    | 'export'
    | 'retention_policy'
    | 'legal_hold'
    | 'platform';
  readonly targetId: string;
  /** The part of the target, such as a file of a bundle. */
  readonly targetPath?: string | null;
  readonly outcome?: 'success' | 'failure';
}

/** Adds an event to the audit trail, in the transaction of what it tells. Ids come from the active context. */
export async function recordAuditEvent(transaction: SharedTransaction, event: AuditEvent): Promise<void> {
  const ids = activeIds();
  await transaction.query({
    operation: 'INSERT',
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
      event.targetPath ?? null,
      event.outcome ?? 'success',
      ids.requestId ?? null,
      ids.correlationId ?? null,
      activeSpanIds()?.traceId ?? null,
    ],
  });
}
