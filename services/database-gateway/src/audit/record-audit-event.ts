import { activeIds, activeSpanIds } from '@aion/tracing';
import type { SharedTransaction } from '../database/database.ts';
import { insertAuditEvent } from './audit-event-store.ts';

/** An action, or an attempt, that concerns a tenant or the platform. */
export interface AuditEvent {
  /** Actor: `operator:<id>`, `api_key:<id>`, `service:<name>`. */
  readonly actor: string;
  /** Action: `<target>.<past participle>`. */
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
  /** Part of the target, such as a file of a bundle. */
  readonly targetPath?: string | null;
  readonly outcome?: 'success' | 'failure';
}

/** Adds an event to the audit trail in the transaction of the action, with the ids of the active context. */
export async function recordAuditEvent(transaction: SharedTransaction, event: AuditEvent): Promise<void> {
  const ids = activeIds();
  await insertAuditEvent(transaction, {
    ...event,
    targetPath: event.targetPath ?? null,
    outcome: event.outcome ?? 'success',
    requestId: ids.requestId ?? null,
    correlationId: ids.correlationId ?? null,
    traceId: activeSpanIds()?.traceId ?? null,
  });
}
