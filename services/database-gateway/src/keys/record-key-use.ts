import type { BodyOf, internalRoutes } from '@aion/contracts';
import { recordAuditEvent, type AuditEvent } from '../audit/record-audit-event.ts';
import type { Database } from '../database/database.ts';

type KeyUse = BodyOf<typeof internalRoutes.apiKeys.recordUse> & { readonly tenant_id: string };
type OperatorUse = BodyOf<typeof internalRoutes.operators.recordUse>;

const TODAY = `(now() AT TIME ZONE 'UTC')::date`;

/**
 * Records the day on which a genuine key of a tenant was accepted or rejected, with an event in the tenant's audit trail.
 * Writes both once per day, however often it is called, also concurrently: the lock of the row makes the second call read
 * what the first has written. Ignores a key that the tenant does not have.
 */
export function recordKeyUse(database: Database, keyId: string, use: KeyUse): Promise<void> {
  return database.withTenant(use.tenant_id, async (transaction) => {
    const column = columnOf(use);
    const rows = await transaction.query({
      table: 'api_keys',
      text: `
        UPDATE api_keys SET ${column} = ${TODAY}
        WHERE tenant_id = $1 AND id = $2 AND ${column} IS DISTINCT FROM ${TODAY} RETURNING id`,
      values: [transaction.tenantId, keyId],
    });
    if (rows.length > 0) await recordAuditEvent(transaction, toEvent('api_key', keyId, use));
  });
}

/** Records the use of an operator's key like `recordKeyUse`, with an event in the audit chain of the platform. */
export function recordOperatorUse(database: Database, operatorId: string, use: OperatorUse): Promise<void> {
  return database.withPlatform(async (transaction) => {
    const column = columnOf(use);
    const rows = await transaction.query({
      table: 'platform_operators',
      text: `
        UPDATE platform_operators SET ${column} = ${TODAY}
        WHERE id = $1 AND ${column} IS DISTINCT FROM ${TODAY} RETURNING id`,
      values: [operatorId],
    });
    if (rows.length > 0) await recordAuditEvent(transaction, toEvent('operator', operatorId, use));
  });
}

function columnOf({ accepted }: OperatorUse): string {
  return accepted ? 'last_used_on' : 'last_refused_on';
}

function toEvent(holder: 'api_key' | 'operator', id: string, { accepted }: OperatorUse): AuditEvent {
  return {
    actor: `${holder}:${id}`,
    action: `${holder}.${accepted ? 'used' : 'refused'}`,
    targetType: holder === 'operator' ? 'platform_operator' : 'api_key',
    targetId: id,
    outcome: accepted ? 'success' : 'failure',
  };
}
