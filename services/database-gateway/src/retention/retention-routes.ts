import {
  RETENTION_CLASSES,
  internalRoute,
  type BodyOf,
  type Caller,
  type CurrentRetention,
  type RetentionPolicy,
  routes,
} from '@aion/contracts';
import { InvalidRequestError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { v7 as uuidv7 } from 'uuid';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { TenantTransaction } from '../database/database.ts';
import { lockTenant } from '../database/lock-tenant.ts';
import { listById } from '../management/list-by-id.ts';
import { requirePerson } from '../management/require-person.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import type { RetentionBounds, RetentionBoundsByClass } from './retention-bounds.ts';
import { insertPolicy, readClock, selectPolicies, type RetentionPolicyRow } from './retention-store.ts';
import { readTimelines, type RetentionTimeline } from './retention-timeline.ts';

/** Limits that the operator sets for retention. */
export interface RetentionSettings {
  readonly bounds: RetentionBoundsByClass;
  /** Minimum number of days after which a policy that shortens retention begins. */
  readonly loweringDelayDays: number;
}

type NewPolicy = BodyOf<typeof routes.retentionPolicies.create>;

const DAY_MS = 86_400_000;

/** Creates the routes of the retention policies of a tenant. */
export function createRetentionRoutes({ forTenant }: RouteBinder, settings: RetentionSettings): readonly BoundRoute[] {
  return [
    forTenant(internalRoute(routes.retentionPolicies.list), (transaction, { query }) =>
      listById({
        list: 'retention-policies',
        query,
        read: (page) => selectPolicies(transaction, page, query.retention_class ?? null),
        toItem: toPolicy,
      }),
    ),
    forTenant(internalRoute(routes.retentionPolicies.getCurrent), async (transaction) => ({
      answer: await describeCurrent(transaction, settings),
    })),
    forTenant(internalRoute(routes.retentionPolicies.create), (transaction, { body, caller }) =>
      setPolicy(transaction, body, caller, settings),
    ),
  ];
}

async function describeCurrent(transaction: TenantTransaction, { bounds, loweringDelayDays }: RetentionSettings) {
  const timelines = await readTimelines(transaction);
  const data = RETENTION_CLASSES.map((name): CurrentRetention => {
    const { inForce, scheduled } = timelines[name];
    const { minDays, maxDays, defaultDays } = bounds[name];
    return {
      retention_class: name,
      keep_days: toEffectiveDays(inForce, bounds[name]),
      source: inForce === null ? 'default' : 'tenant',
      policy: inForce === null ? null : toPolicy(inForce),
      scheduled: scheduled.map(toPolicy),
      bounds: { min_days: minDays, max_days: maxDays, default_days: defaultDays },
    };
  });
  return { data, lowering_delay_days: loweringDelayDays };
}

async function setPolicy(
  transaction: TenantTransaction,
  policy: NewPolicy,
  caller: Caller,
  settings: RetentionSettings,
) {
  const setBy = requirePerson(caller);
  const { retention_class: retentionClass, keep_days: keepDays } = policy;
  const bounds = settings.bounds[retentionClass];
  assertWithinBounds(policy, bounds);
  // Policies of a tenant are set one after the other, and the clock is read once the tenant is locked.
  await lockTenant(transaction, 'FOR NO KEY UPDATE');
  const now = await readClock(transaction);
  const timeline = (await readTimelines(transaction))[retentionClass];
  const currentDays = toEffectiveDays(timeline.inForce, bounds);
  const effectiveFrom = chooseBegin({ policy, now, timeline, currentDays, settings });
  const row = await insertPolicy(transaction, {
    id: uuidv7(),
    retentionClass,
    keepDays,
    setBy,
    effectiveFrom: effectiveFrom === now ? null : effectiveFrom,
  });
  await recordAuditEvent(transaction, {
    actor: caller.actor,
    action: 'retention_policy.set',
    targetType: 'retention_policy',
    targetId: row.id,
  });
  const beginMs = row.effective_from.getTime();
  const earlier = timeline.scheduled.filter(({ effective_from: at }) => at.getTime() < beginMs);
  const replaced = earlier.at(-1) ?? timeline.inForce;
  return {
    answer: {
      ...toPolicy(row),
      replaces: {
        keep_days: toEffectiveDays(replaced, bounds),
        policy: replaced === null ? null : toPolicy(replaced),
      },
      withdrawn: timeline.scheduled.filter((one) => !earlier.includes(one)).map(toPolicy),
    },
  };
}

/** Returns the days that data is retained under a policy. Tighter bounds also apply to policies set before them. */
function toEffectiveDays(policy: RetentionPolicyRow | null, bounds: RetentionBounds): number {
  const { minDays, maxDays, defaultDays } = bounds;
  return Math.min(Math.max(policy?.keep_days ?? defaultDays, minDays), maxDays);
}

function assertWithinBounds(
  { retention_class: name, keep_days: keepDays }: NewPolicy,
  { minDays, maxDays }: RetentionBounds,
): void {
  if (keepDays >= minDays && keepDays <= maxDays) return;
  throw new InvalidRequestError(
    `${keepDays} days are outside of the bounds of the class ${name}: choose ${minDays} to ${maxDays} days, which the ` +
      'operator permits.',
    { param: 'keep_days' },
  );
}

interface BeginInput {
  readonly policy: NewPolicy;
  /** Time of the database. */
  readonly now: Date;
  readonly timeline: RetentionTimeline;
  readonly currentDays: number;
  readonly settings: RetentionSettings;
}

/** Chooses when a policy begins: one that shortens retention after a delay, so that data is not deleted unexpectedly. */
function chooseBegin({ policy, now, timeline, currentDays, settings }: BeginInput): Date {
  const wanted = policy.effective_from === undefined ? null : new Date(policy.effective_from);
  if (wanted !== null && wanted < now) {
    throw new InvalidRequestError(`effective_from is in the past: it is ${now.toISOString()} now.`, {
      param: 'effective_from',
    });
  }
  const begin = wanted ?? now;
  const until = timeline.scheduled.filter(({ effective_from: at }) => at <= begin);
  const longestDays = Math.max(currentDays, ...until.map(({ keep_days: days }) => days));
  if (policy.keep_days >= longestDays) return begin;
  const earliest = new Date(now.getTime() + settings.loweringDelayDays * DAY_MS);
  if (wanted === null) return earliest;
  if (wanted >= earliest) return wanted;
  throw new InvalidRequestError(
    `${policy.keep_days} days are less than the ${longestDays} that apply until then: such a policy begins at the ` +
      `earliest ${settings.loweringDelayDays} days after it is set, which is ${earliest.toISOString()}.`,
    { param: 'effective_from' },
  );
}

function toPolicy(row: RetentionPolicyRow): RetentionPolicy {
  return {
    id: row.id,
    retention_class: row.retention_class,
    keep_days: row.keep_days,
    effective_from: row.effective_from.toISOString(),
    set_by: row.set_by,
    created_at: row.created_at.toISOString(),
  };
}
