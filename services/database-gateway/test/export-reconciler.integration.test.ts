import { createMetrics, type Metrics } from '@aion/metrics';
import { waitFor } from '@aion/testkit';
import { countExportEnds } from '../src/exports/count-export-ends.ts';
import { createExportClaims } from '../src/exports/export-claims.ts';
import { createExportReconciler, type ExportReconcilerOptions } from '../src/exports/export-reconciler.ts';
import { exportJobId } from '../src/exports/queue-export.ts';
import { countedExports, expireLease, exportSecondsOf, outboxKeysOf } from './support/export-probes.ts';
import { claimNewExport, NO_PROGRESS, readExport, requestExport } from './support/fixtures.ts';
import {
  createMigratedDatabase,
  createTestTenant,
  silentLogger,
  type MigratedDatabase,
} from './support/test-database.ts';

let db: MigratedDatabase;
let tenant: { tenantId: string; keyId: string };
let metrics: Metrics;
beforeAll(async () => {
  db = await createMigratedDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  metrics = createMetrics({ service: 'database-gateway', version: '0', enabled: true });
  tenant = await createTestTenant(db.database);
});

const outboxKeys = () => outboxKeysOf(db, tenant.tenantId);
const counted = () => countedExports(metrics);

describe('export reconciler', () => {
  const reconciler = (options: Partial<ExportReconcilerOptions> = {}) =>
    createExportReconciler({
      database: db.database,
      logger: silentLogger,
      onEnd: countExportEnds(metrics),
      requeueMs: 60_000,
      deadlineMs: 86_400_000,
      ...options,
    });
  /** Moves all times of the export into the past. */
  const age = (id: string, interval: string) =>
    db.sql(
      `UPDATE export_jobs SET updated_at = updated_at - $2::interval, progressed_at = progressed_at - $2::interval,
         lease_until = lease_until - $2::interval WHERE id = $1`,
      [id, interval],
    );
  const publish = () => db.sql('UPDATE outbox SET published_at = now() WHERE tenant_id = $1', [tenant.tenantId]);
  const queuedTimes = async () => (await outboxKeys()).length;

  it('queues an export without a lease again under a new job id, with the trace of its request', async () => {
    const id = await requestExport(db.database, tenant);
    await db.sql(`UPDATE outbox SET carrier = '{"traceparent":"00-a-b-01"}' WHERE tenant_id = $1`, [tenant.tenantId]);
    await publish();
    await age(id, '2 minutes');
    // Several replicas reconcile concurrently.
    await Promise.all([reconciler().reconcile(), reconciler().reconcile(), reconciler().reconcile()]);
    expect(await outboxKeys()).toEqual([exportJobId(id, 1), exportJobId(id, 2)]);
    const rows = await db.sql('SELECT carrier FROM outbox WHERE dedupe_key = $1', [exportJobId(id, 2)]);
    expect(rows).toEqual([{ carrier: { traceparent: '00-a-b-01' } }]);
  });

  it('queues an export again whose lease has expired, and none whose lease is valid', async () => {
    const { id } = await claimNewExport(db.database, tenant);
    await publish();
    await db.sql(`UPDATE export_jobs SET updated_at = now() - interval '1 hour' WHERE id = $1`, [id]);
    await reconciler().reconcile();
    expect(await queuedTimes()).toBe(1);
    await expireLease(db, id);
    await reconciler().reconcile();
    expect(await queuedTimes()).toBe(2);
  });

  it('adds no outbox row while one is unpublished, and pauses longer each time', async () => {
    const id = await requestExport(db.database, tenant);
    await age(id, '2 minutes');
    await reconciler().reconcile();
    expect(await queuedTimes()).toBe(1);
    await publish();
    await reconciler().reconcile();
    expect(await queuedTimes()).toBe(2);
    await publish();
    await age(id, '90 seconds');
    await reconciler().reconcile();
    expect(await queuedTimes()).toBe(2);
    await age(id, '40 seconds');
    await reconciler().reconcile();
    expect(await queuedTimes()).toBe(3);
  });

  it('continues with the next export when the reconciliation of one fails', async () => {
    const other = await createTestTenant(db.database);
    const [stuck, next] = [await requestExport(db.database, tenant), await requestExport(db.database, other)];
    await db.sql('UPDATE outbox SET published_at = now()');
    // The id of its next job is taken.
    await db.sql(`UPDATE outbox SET dedupe_key = $1 WHERE tenant_id = $2`, [exportJobId(stuck, 2), tenant.tenantId]);
    for (const id of [stuck, next, stuck]) await age(id, '2 minutes');
    await reconciler().reconcile();
    const times = (id: string) => db.sql('SELECT queued_times AS times FROM export_jobs WHERE id = $1', [id]);
    expect([await times(stuck), await times(next)]).toEqual([[{ times: 1 }], [{ times: 2 }]]);
  });

  it('fails an export that makes no progress, with a reason', async () => {
    const { id, epoch } = await claimNewExport(db.database, tenant);
    await publish();
    await age(id, '25 hours');
    await reconciler().reconcile();
    expect(await readExport(db.database, tenant.tenantId, id)).toMatchObject({
      state: 'failed',
      failure: { code: 'NO_PROGRESS', message: expect.stringContaining('1440 minutes') },
    });
    const renewal = { lease_ms: 60_000, state: 'running' as const, progress: NO_PROGRESS };
    const claims = createExportClaims(db.database);
    await expect(claims.renew(id, { tenant_id: tenant.tenantId, epoch, ...renewal })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  it('counts an export that it fails once, with any number of replicas, and the time since its request', async () => {
    const { id } = await claimNewExport(db.database, tenant);
    await publish();
    await age(id, '25 hours');
    await db.sql(`UPDATE export_jobs SET created_at = created_at - interval '30 hours' WHERE id = $1`, [id]);
    expect(await counted()).toEqual([]);
    await Promise.all([reconciler().reconcile(), reconciler().reconcile(), reconciler().reconcile()]);
    await reconciler().reconcile();
    expect(await counted()).toEqual([
      'aion_exports_total failed 1',
      'aion_export_failures_total NO_PROGRESS 1',
      'aion_export_duration_seconds_count failed 1',
    ]);
    expect(Math.round((await exportSecondsOf(metrics, 'failed')) / 3_600)).toBe(30);
  });

  it('fails an export that kills every worker that claims it', async () => {
    const { id } = await claimNewExport(db.database, tenant);
    await publish();
    await db.sql(`UPDATE export_jobs SET epoch = 3 WHERE id = $1`, [id]);
    await age(id, '2 minutes');
    await expireLease(db, id);
    await reconciler({ maxClaims: 3 }).reconcile();
    const { failure } = await waitFor(() => readExport(db.database, tenant.tenantId, id), { describe: 'the export' });
    expect(failure?.code).toBe('ATTEMPTS_EXHAUSTED');
    expect(await counted()).toContain('aion_export_failures_total ATTEMPTS_EXHAUSTED 1');
  });
});
