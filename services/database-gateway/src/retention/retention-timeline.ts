import { RETENTION_CLASSES, type RetentionClassName } from '@aion/contracts';
import type { TenantTransaction } from '../database/database.ts';
import { selectCurrentPolicies, type RetentionPolicyRow } from './retention-store.ts';

/** Policies of one class that are in force now or later. Each is in force until the next one begins. */
export interface RetentionTimeline {
  /** Null while the operator's default applies. */
  readonly inForce: RetentionPolicyRow | null;
  /** Policies that begin later, in this order. */
  readonly scheduled: readonly RetentionPolicyRow[];
}

/** Reads the timelines of a tenant, by class. */
export async function readTimelines(
  transaction: TenantTransaction,
): Promise<Readonly<Record<RetentionClassName, RetentionTimeline>>> {
  const rows = await selectCurrentPolicies(transaction);
  const timelineOf = (name: RetentionClassName): RetentionTimeline => {
    const ofClass = rows.filter(({ retention_class: retentionClass }) => retentionClass === name);
    return {
      inForce: ofClass.findLast(({ has_begun: hasBegun }) => hasBegun) ?? null,
      scheduled: ofClass.filter(({ has_begun: hasBegun }) => !hasBegun),
    };
  };
  // The entries contain every class.
  return Object.fromEntries(RETENTION_CLASSES.map((name) => [name, timelineOf(name)])) as Record<
    RetentionClassName,
    RetentionTimeline
  >;
}
