import { PassThrough } from 'node:stream';
import { internalRoute, routes, internalRoutes } from '@aion/contracts';
import { createLogger } from '@aion/logging';
import { createAuditTrailStore } from '../../../src/audit/audit-trail-store.ts';
import { recordPlatformEvent } from '../../../src/audit/record-platform-event.ts';
import { recordFeatureFlags } from '../../../src/audit/record-feature-flags.ts';
import { assertConfinedRole } from '../../../src/database/assert-confined-role.ts';
import type { Database } from '../../../src/database/database.ts';
import { createSchemaMaintenance } from '../../../src/database/schema-maintenance.ts';
import { createExportReconciler } from '../../../src/exports/export-reconciler.ts';
import { findKeyHolder, findOperatorByPrefix } from '../../../src/keys/find-key-holder.ts';
import { recordOperatorUse } from '../../../src/keys/record-key-use.ts';
import { deleteExpiredIdempotencyKeys } from '../../../src/management/delete-expired-idempotency-keys.ts';
import { createOutboxStore } from '../../../src/outbox/outbox-store.ts';
import { countEncryptedByKey, listEncryptedRows } from '../../../src/providers/encrypted-row-store.ts';
import { createUsageRollup, type UsageRollup } from '../../../src/usage/usage-rollup.ts';
import { newKey, operatorFor } from '../management.ts';
import { noMetrics, silentLogger } from '../test-database.ts';
import { expectConflict, readInBothOrders, type Walker } from './walker.ts';

const platform = operatorFor(null);
const CURRENT_KEY = 'ab'.repeat(8);

/** Calls the routes of operators on the platform. */
export async function walkPlatform({ call, owner, operator }: Walker): Promise<void> {
  const newOperator = () => {
    const { scopes: _scopes, ...key } = newKey({ name: 'Operator' });
    return key;
  };
  const { answer: added } = await call(internalRoutes.operators.store, platform, { body: newOperator() });
  // Rejected after a query, because operators exist already.
  await expectConflict(call(internalRoutes.operators.storeFirst, platform, { body: newOperator() }));
  const { answer: operators } = await call(internalRoute(routes.operators.list), platform, { query: { limit: 1 } });
  await call(internalRoute(routes.operators.list), platform, { query: { cursor: operators.next_cursor ?? undefined } });
  await call(internalRoute(routes.operators.revoke), platform, { params: { operator_id: added.id } });
  await readInBothOrders((query) => call(internalRoute(routes.outboxRows.listParked), platform, { query }));
  const { answer: tenant } = await call(internalRoute(routes.tenants.create), platform, { body: { name: 'Another' } });
  const { answer: tenants } = await call(internalRoute(routes.tenants.list), platform, { query: { limit: 1 } });
  await call(internalRoute(routes.tenants.list), platform, { query: { cursor: tenants.next_cursor ?? undefined } });
  const { answer: people } = await call(internalRoute(routes.users.list), owner, { query: { limit: 1 } });
  await call(internalRoute(routes.memberships.create), operatorFor(tenant.id), {
    params: { tenant_id: tenant.id },
    body: { user_id: people.data[0]?.id ?? '', role: 'member' },
  });
  const sealed = { id: owner.actor_id, tenant_id: operator.tenant_id, version: 1, from_key_id: 'cd'.repeat(8) };
  const resealed = [{ ...sealed, sealed: { key_id: CURRENT_KEY, bytes: Buffer.alloc(40).toString('base64url') } }];
  const batch = { key_id: CURRENT_KEY, resealed, failed: [], next_cursor: null };
  await call(internalRoutes.sealingKeys.storeRotatedRows, platform, { body: batch });
}

/** Sends a change with an `Idempotency-Key` twice: of a tenant, and of the platform. */
export async function walkIdempotency({ call, operator }: Walker): Promise<void> {
  const idempotency = { key: 'once', request_sha256: 'ab'.repeat(32) };
  for (let times = 0; times < 2; times += 1) {
    await call(internalRoute(routes.tenants.create), { ...platform, idempotency }, { body: { name: 'Once' } });
    await call(internalRoutes.apiKeys.store, { ...operator, idempotency }, { body: newKey() });
  }
}

/** Runs the usage rollup and its check without logging differences, which seeded rows have. */
export function unheardUsage(database: Database): UsageRollup {
  const logger = createLogger({ service: 'test', level: 'error', format: 'json', stream: new PassThrough() });
  return createUsageRollup({ database, logger, metrics: noMetrics });
}

/** Runs the periodic tasks, and the calls of other services on the platform. */
export async function walkUpkeep(
  database: Database,
  prefixes: { readonly key: string; readonly operator: string },
): Promise<void> {
  const options = { database, logger: silentLogger, metrics: noMetrics };
  await assertConfinedRole(database);
  await createSchemaMaintenance(options).run();
  await deleteExpiredIdempotencyKeys(database);
  const usage = unheardUsage(database);
  await usage.rollUp();
  await usage.checkConsistency();
  await createExportReconciler({ ...options, requeueMs: 1_000, deadlineMs: 10_800_000 }).reconcile();
  await createExportReconciler({ ...options, requeueMs: 1_000, deadlineMs: 1_000 }).reconcile();
  await findKeyHolder(database, prefixes.key);
  const trail = createAuditTrailStore(database);
  await trail.readEvents(null, { after: 0n, until: null, limit: 100 });
  await trail.readCheckpoints(null, { after: 0n, limit: 100 });
  const { id: operatorId } = await findOperatorByPrefix(database, prefixes.operator);
  await recordOperatorUse(database, operatorId, { accepted: true });
  for (const metrics of [true, false]) await recordFeatureFlags(database, 'test', { metrics });
  await recordPlatformEvent(database, { action: 'log_levels.changed', actor: 'service:test', service: 'web-api' });
  await listEncryptedRows(database, { keyId: CURRENT_KEY, after: undefined });
  await countEncryptedByKey(database);
}

/** Runs the operations of the relay on outbox rows. */
export async function walkOutbox(database: Database): Promise<void> {
  const outbox = createOutboxStore(database);
  const [one, two, three] = await outbox.claim(100, 60_000);
  if (one === undefined || two === undefined || three === undefined) throw new Error('too few rows are due');
  await outbox.markPublished(one.id);
  await outbox.markFailed(two.id, 'x', 1_000);
  await outbox.markRejected(three.id, { reason: 'refused', failure: 'x', retryAfterMs: 1_000, maxRejections: 1 });
  await outbox.readState();
}
