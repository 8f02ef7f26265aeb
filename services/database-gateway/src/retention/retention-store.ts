import type { RetentionClassName, RetentionPolicy } from '@aion/contracts';
import type { TenantTransaction } from '../database/database.ts';
import { mapUniqueViolation } from '../database/map-unique-violation.ts';
import { oneRow } from '../database/one-row.ts';
import type { PageWindow } from '../management/read-page.ts';

/** A row of `retention_policies`. */
export interface RetentionPolicyRow extends Omit<RetentionPolicy, 'effective_from' | 'created_at'> {
  readonly [column: string]: unknown;
  readonly effective_from: Date;
  readonly created_at: Date;
}

/** A policy to store. */
export interface NewRetentionPolicy {
  readonly id: string;
  readonly retentionClass: RetentionClassName;
  readonly keepDays: number;
  readonly setBy: string;
  /** Null: immediately. */
  readonly effectiveFrom: Date | null;
}

/** Reads a page of the policies of a tenant, of one class or of all, in the order in which they were set. */
export function selectPolicies(
  transaction: TenantTransaction,
  { limit, after, comparison, direction }: PageWindow,
  retentionClass: RetentionClassName | null,
): Promise<RetentionPolicyRow[]> {
  return transaction.query<RetentionPolicyRow>({
    table: 'retention_policies',
    text: `
      SELECT id, retention_class, keep_days, effective_from, set_by, created_at FROM retention_policies
      WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id ${comparison} $2) AND ($3::text IS NULL OR retention_class = $3)
      ORDER BY id ${direction} LIMIT $4`,
    values: [transaction.tenantId, after, retentionClass, limit],
  });
}

/**
 * Reads the policies that are in force now or later, by the time at which they begin. A policy replaces those that were
 * set before it and begin no earlier.
 */
export function selectCurrentPolicies(
  transaction: TenantTransaction,
): Promise<(RetentionPolicyRow & { readonly has_begun: boolean })[]> {
  return transaction.query<RetentionPolicyRow & { readonly has_begun: boolean }>({
    table: 'retention_policies',
    text: `
      SELECT id, retention_class, keep_days, effective_from, set_by, created_at, 
        effective_from <= clock_timestamp() AS has_begun
      FROM retention_policies p
      WHERE tenant_id = $1 AND NOT EXISTS (
        SELECT 1 FROM retention_policies later
        WHERE later.tenant_id = $1 AND later.retention_class = p.retention_class AND later.created_at > p.created_at
          AND later.effective_from <= p.effective_from)
      ORDER BY effective_from`,
    values: [transaction.tenantId],
  });
}

/**
 * Inserts a policy with the time of the statement. The tenant must be locked, so that times reflect the order in which
 * policies are set; ids of several processes do not.
 * @throws ConflictError when another policy of the class begins at the same instant
 */
export async function insertPolicy(
  transaction: TenantTransaction,
  { id, retentionClass, keepDays, effectiveFrom, setBy }: NewRetentionPolicy,
): Promise<RetentionPolicyRow> {
  const message = `Another policy of the class ${retentionClass} begins at the same instant: choose another one.`;
  const rows = await mapUniqueViolation({ message, param: 'effective_from' }, () =>
    transaction.query<RetentionPolicyRow>({
      table: 'retention_policies',
      text: `
        INSERT INTO retention_policies (id, tenant_id, retention_class, keep_days, effective_from, set_by, created_at)
        SELECT $1, $2, $3, $4, greatest($5, clock.at), $6, clock.at FROM (SELECT clock_timestamp() AS at) clock
        RETURNING id, retention_class, keep_days, effective_from, set_by, created_at`,
      values: [id, transaction.tenantId, retentionClass, keepDays, effectiveFrom, setBy],
    }),
  );
  return oneRow(rows);
}

/** Reads the clock of the database. */
export async function readClock(transaction: TenantTransaction): Promise<Date> {
  const rows = await transaction.query<{ now: Date }>({
    table: 'pg_catalog',
    text: 'SELECT clock_timestamp() AS now',
  });
  return oneRow(rows).now;
}
