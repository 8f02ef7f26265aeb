import type { RetentionClassName, RetentionPolicy } from '@aion/contracts';
import type { TenantTransaction } from '../database/database.ts';
import type { PageWindow } from '../management/read-page.ts';

/** A row of `retention_policies`. */
export interface RetentionPolicyRow extends Omit<RetentionPolicy, 'effective_from' | 'created_at'> {
  readonly [column: string]: unknown;
  readonly effective_from: Date;
  readonly created_at: Date;
}

/** What the public sees of a policy. */
export function toRetentionPolicy(row: RetentionPolicyRow): RetentionPolicy {
  return {
    id: row.id,
    retention_class: row.retention_class,
    keep_days: row.keep_days,
    effective_from: row.effective_from.toISOString(),
    set_by: row.set_by,
    created_at: row.created_at.toISOString(),
  };
}

/** Reads policies in the order of their ids, which is that in which they were set. */
export function selectPolicies(
  transaction: TenantTransaction,
  { limit, after, comparison, direction }: PageWindow,
  retentionClass: RetentionClassName | null,
): Promise<RetentionPolicyRow[]> {
  return transaction.query<RetentionPolicyRow>({
    operation: 'SELECT',
    table: 'retention_policies',
    text: `
      SELECT id, retention_class, keep_days, effective_from, set_by, created_at FROM retention_policies
      WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id ${comparison} $2) AND ($3::text IS NULL OR retention_class = $3)
      ORDER BY id ${direction} LIMIT $4`,
    values: [transaction.tenantId, after, retentionClass, limit],
  });
}
