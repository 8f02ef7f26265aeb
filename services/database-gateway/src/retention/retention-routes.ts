import {
  RETENTION_CLASSES,
  internalRoute,
  type Caller,
  type CurrentRetention,
  type RetentionClassName,
  routes,
  type BodyOf,
  type QueryOf,
} from '@aion/contracts';
import { InvalidRequestError } from '@aion/errors';
import type { BoundRoute } from '@aion/http';
import { v7 as uuidv7 } from 'uuid';
import { recordAuditEvent } from '../audit/record-audit-event.ts';
import type { TenantTransaction } from '../database/database.ts';
import type { RouteBinder } from '../management/route-binder.ts';
import { readPage } from '../management/read-page.ts';
import { requirePerson } from '../management/require-person.ts';
import type { RetentionBounds, RetentionBoundsByClass } from './retention-bounds.ts';
import { insertPolicy, readTimelines, type Timeline } from './retention-timeline.ts';
import { selectPolicies, toRetentionPolicy } from './retention-policy-row.ts';

/** What the operator has decided on retention. */
export interface RetentionSettings {
  readonly bounds: RetentionBoundsByClass;
  /** How far ahead a policy must be set that keeps data for less time than before. */
  readonly loweringDelayDays: number;
}

type NewPolicy = BodyOf<typeof routes.retentionPolicies.create>;
type PolicyFilter = QueryOf<typeof routes.retentionPolicies.list>;

const DAY_MS = 86_400_000;

/** The routes on how long a tenant's data is kept. */
export function createRetentionRoutes({ forTenant }: RouteBinder, settings: RetentionSettings): readonly BoundRoute[] {
  return [
    forTenant(internalRoute(routes.retentionPolicies.list), (transaction, { query }) =>
      listPolicies(transaction, query),
    ),
    forTenant(internalRoute(routes.retentionPolicies.getCurrent), async (transaction) => ({
      answer: await describeCurrent(transaction, settings),
    })),
    forTenant(internalRoute(routes.retentionPolicies.create), (transaction, { body, caller }) =>
      setPolicy(transaction, body, caller, settings),
    ),
  ];
}

function listPolicies(transaction: TenantTransaction, query: PolicyFilter) {
  return readPage({
    list: 'retention-policies',
    positions: 'uuid',
    query,
    read: async (page) => {
      const rows = await selectPolicies(transaction, page, query.retention_class ?? null);
      return rows.map(toRetentionPolicy);
    },
    positionOf: ({ id }) => id,
  });
}

async function describeCurrent(transaction: TenantTransaction, { bounds, loweringDelayDays }: RetentionSettings) {
  const timelines = await readTimelines(transaction);
  const data = RETENTION_CLASSES.map((name): CurrentRetention => {
    const { inForce, scheduled } = timelines[name];
    const { minDays, maxDays, defaultDays } = bounds[name];
    return {
      retention_class: name,
      keep_days: keptDays(timelines[name], bounds[name]),
      source: inForce === null ? 'default' : 'tenant',
      policy: inForce === null ? null : toRetentionPolicy(inForce),
      scheduled: scheduled.map(toRetentionPolicy),
      bounds: { min_days: minDays, max_days: maxDays, default_days: defaultDays },
    };
  });
  return { data, lowering_delay_days: loweringDelayDays };
}

/** How long data is kept now. Bounds that became tighter hold for what was set before them, too. */
function keptDays({ inForce }: Timeline, { minDays, maxDays, defaultDays }: RetentionBounds): number {
  return Math.min(Math.max(inForce?.keep_days ?? defaultDays, minDays), maxDays);
}

async function setPolicy(
  transaction: TenantTransaction,
  policy: NewPolicy,
  caller: Caller,
  settings: RetentionSettings,
) {
  const setBy = requirePerson(caller);
  const { retention_class: retentionClass, keep_days: keepDays } = policy;
  assertWithin(settings.bounds, retentionClass, keepDays);
  const now = await lockTenant(transaction);
  const timeline = (await readTimelines(transaction))[retentionClass];
  const current = keptDays(timeline, settings.bounds[retentionClass]);
  const wanted = policy.effective_from === undefined ? null : new Date(policy.effective_from);
  const effectiveFrom = chooseBegin({ now, wanted, keepDays, timeline, current, settings });
  const row = await insertPolicy(transaction, {
    ...{ id: uuidv7(), retentionClass, keepDays, setBy },
    effectiveFrom: effectiveFrom === now ? null : effectiveFrom,
  });
  await recordAuditEvent(transaction, {
    actor: caller.actor,
    action: 'retention_policy.set',
    targetType: 'retention_policy',
    targetId: row.id,
  });
  const begins = row.effective_from.getTime();
  const earlier = timeline.scheduled.filter(({ effective_from: at }) => at.getTime() < begins);
  const replaced = earlier.at(-1) ?? timeline.inForce;
  const bounds = settings.bounds[retentionClass];
  return {
    answer: {
      ...toRetentionPolicy(row),
      replaces: {
        keep_days: keptDays({ ...timeline, inForce: replaced }, bounds),
        policy: replaced === null ? null : toRetentionPolicy(replaced),
      },
      withdrawn: timeline.scheduled.filter((one) => !earlier.includes(one)).map(toRetentionPolicy),
    },
  };
}

function assertWithin(bounds: RetentionBoundsByClass, name: RetentionClassName, keepDays: number): void {
  const { minDays, maxDays } = bounds[name];
  if (keepDays >= minDays && keepDays <= maxDays) return;
  throw new InvalidRequestError(
    `${keepDays} days are outside of the bounds of the class ${name}: the operator allows ${minDays} to ${maxDays}.`,
    { param: 'keep_days' },
  );
}

interface WantedBegin {
  readonly now: Date;
  /** Null: as soon as it may. */
  readonly wanted: Date | null;
  readonly keepDays: number;
  readonly timeline: Timeline;
  readonly current: number;
  readonly settings: RetentionSettings;
}

/** Data that was to be kept longer is given notice: nobody loses it by a policy of a moment ago. */
function chooseBegin({ now, wanted, keepDays, timeline, current, settings }: WantedBegin): Date {
  if (wanted !== null && wanted < now) {
    throw new InvalidRequestError(`effective_from is in the past: it is ${now.toISOString()} now.`, {
      param: 'effective_from',
    });
  }
  const begin = wanted ?? now;
  const until = timeline.scheduled.filter(({ effective_from: at }) => at <= begin);
  const longest = Math.max(current, ...until.map(({ keep_days: days }) => days));
  if (keepDays >= longest) return begin;
  const earliest = new Date(now.getTime() + settings.loweringDelayDays * DAY_MS);
  if (wanted === null) return earliest;
  if (wanted >= earliest) return wanted;
  throw new InvalidRequestError(
    `${keepDays} days are less than the ${longest} that hold until then: such a policy begins ` +
      `${settings.loweringDelayDays} days after it is set at the earliest, which is ${earliest.toISOString()}.`,
    { param: 'effective_from' },
  );
}

/** Policies of a tenant are set one after the other. Gives the time of the database, once the tenant is locked. */
async function lockTenant(transaction: TenantTransaction): Promise<Date> {
  await transaction.query({
    operation: 'SELECT',
    table: 'tenants',
    text: 'SELECT 1 FROM tenants WHERE id = $1 FOR NO KEY UPDATE',
    values: [transaction.tenantId],
  });
  const [clock] = await transaction.query<{ now: Date }>({
    operation: 'SELECT',
    table: 'pg_catalog',
    text: 'SELECT clock_timestamp() AS now',
  });
  if (clock === undefined) throw new Error('SELECT gave no row');
  return clock.now;
}
