import { RETENTION_CLASSES, type RetentionClassName } from '@aion/contracts';
import { ConflictError } from '@aion/errors';
import type { TenantTransaction } from '../database/database.ts';
import { isUniqueViolation } from '../database/database-error.ts';
import type { RetentionPolicyRow } from './retention-policy-row.ts';

/** What a tenant has set for a class and still counts. */
export interface Timeline {
  /** Null where the operator's default holds. */
  readonly inForce: RetentionPolicyRow | null;
  /** What begins later, in its order. */
  readonly scheduled: readonly RetentionPolicyRow[];
}

/**
 * Reads what holds now and what will: the policy that was set last holds once it has begun, so one counts as long as none
 * was set after it that begins no later. Of those, each holds until the next one begins.
 */
export async function readTimelines(
  transaction: TenantTransaction,
): Promise<Readonly<Record<RetentionClassName, Timeline>>> {
  const rows = await transaction.query<RetentionPolicyRow & { readonly has_begun: boolean }>({
    operation: 'SELECT',
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
  const timelineOf = (name: RetentionClassName): Timeline => {
    const ofClass = rows.filter(({ retention_class: retentionClass }) => retentionClass === name);
    return {
      inForce: ofClass.findLast(({ has_begun: hasBegun }) => hasBegun) ?? null,
      scheduled: ofClass.filter(({ has_begun: hasBegun }) => !hasBegun),
    };
  };
  // Every class is a key: the entries are made of all of them.
  return Object.fromEntries(RETENTION_CLASSES.map((name) => [name, timelineOf(name)])) as Record<
    RetentionClassName,
    Timeline
  >;
}

/** A policy that is to be stored. */
export interface NewPolicyRow {
  readonly id: string;
  readonly retentionClass: RetentionClassName;
  readonly keepDays: number;
  readonly setBy: string;
  /** Null: at once. */
  readonly effectiveFrom: Date | null;
}

/**
 * Stores a policy, with the time of the statement: the tenant is locked, so that times tell the order in which policies
 * were set, which ids of several processes do not.
 * @throws ConflictError when another of the class begins at the same instant */
export async function insertPolicy(transaction: TenantTransaction, policy: NewPolicyRow): Promise<RetentionPolicyRow> {
  const { id, retentionClass, keepDays, effectiveFrom, setBy } = policy;
  try {
    const [row] = await transaction.query<RetentionPolicyRow>({
      operation: 'INSERT',
      table: 'retention_policies',
      text: `
        INSERT INTO retention_policies (id, tenant_id, retention_class, keep_days, effective_from, set_by, created_at)
        SELECT $1, $2, $3, $4, greatest($5, clock.at), $6, clock.at FROM (SELECT clock_timestamp() AS at) clock
        RETURNING id, retention_class, keep_days, effective_from, set_by, created_at`,
      values: [id, transaction.tenantId, retentionClass, keepDays, effectiveFrom, setBy],
    });
    if (row === undefined) throw new Error('INSERT gave no row');
    return row;
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    const message = `Another policy of the class ${retentionClass} begins at the same instant: choose another one.`;
    throw new ConflictError(message, { cause: error, param: 'effective_from' });
  }
}
