import { createDatabase, type Database } from '../../src/database/database.ts';
import { createManagement, holderOf, operatorFor } from './management.ts';
import { startRecording, type Recording } from './query-plans.ts';
import type { SeededTenant } from './seed-large-tables.ts';
import { createTestPool, noMetrics, silentLogger, type MigratedDatabase } from './test-database.ts';
import { createTenantStores, type TenantStores } from './walk/tenant-stores.ts';
import { walkAccounting } from './walk/walk-accounting.ts';
import { walkAccounts } from './walk/walk-accounts.ts';
import { walkLifecycle } from './walk/walk-lifecycle.ts';
import { walkIdempotency, walkOutbox, walkPlatform, walkUpkeep } from './walk/walk-platform.ts';
import { readSnapshot, walkExports, walkGeneration, walkTrail } from './walk/walk-stores.ts';
import type { Walker } from './walk/walker.ts';

/** Options of the recording on a seeded database. */
export interface Run {
  readonly walker: Walker;
  readonly stores: TenantStores;
  readonly database: Database;
}

/** Records the statements of a run with the role of the application. */
export async function recordRun(
  db: MigratedDatabase,
  tenant: SeededTenant,
  run: (run: Run) => Promise<void>,
): Promise<Recording> {
  const recording = startRecording();
  const pool = recording.pool(createTestPool(db.appUrl, 1));
  const exportsPool = recording.pool(createTestPool(db.appUrl, 4, 'exports'));
  const database = recording.database(createDatabase({ pool, metrics: noMetrics, logger: silentLogger }));
  const walker = {
    ...tenant,
    call: createManagement(database),
    operator: operatorFor(tenant.tenantId),
    owner: holderOf(tenant, undefined, { person_id: tenant.keyId }),
  };
  await run({ walker, database, stores: createTenantStores(database, exportsPool) });
  await Promise.all([pool.close(), exportsPool.close()]);
  return recording;
}

/** Runs every statement of the service, for a tenant of a seeded database. */
export async function runEverything({ walker, stores, database }: Run, parkedId: string): Promise<void> {
  const generationId = await walkGeneration(walker, stores);
  const { projectId, userId } = await walkAccounts(walker);
  await walkAccounting(walker, generationId, projectId);
  await walkLifecycle(walker, stores, { projectId, userId, generationId });
  await walkExports(walker, stores);
  await readSnapshot(stores, walker.tenantId);
  await walkTrail(walker, stores, parkedId);
  await walkPlatform(walker);
  await walkIdempotency(walker);
  await walkUpkeep(database, { key: '000000000001', operator: 'fffffffffff1' });
  await walkOutbox(database);
  await stores.strayObjects.settle((await stores.strayObjects.claim(100)).map(({ id }) => id));
}
