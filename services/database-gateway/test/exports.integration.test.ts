import { listExports, storedRoute } from '@aion/contracts';
import { createMetrics, parseExposition, type Metrics, type Sample } from '@aion/metrics';
import { waitFor } from '@aion/testkit';
import { v7 as uuidv7 } from 'uuid';
import { countExportEnds } from '../src/exports/count-export-ends.ts';
import { createExportClaims, type ExportClaims } from '../src/exports/export-claims.ts';
import { createExportReconciler, type ExportReconcilerOptions } from '../src/exports/export-reconciler.ts';
import { createExportStore, type ExportStore } from '../src/exports/export-store.ts';
import { exportJobId } from '../src/exports/queue-export.ts';
import {
  claimNewExport,
  completeNewExport,
  FILES,
  NO_PROGRESS,
  readExport,
  RECIPIENT,
  requestExport,
} from './support/fixtures.ts';
import { createManagement, holderOf } from './support/management.ts';
import {
  createMigratedDatabase,
  createTestTenant,
  silentLogger,
  type MigratedDatabase,
} from './support/test-database.ts';

let db: MigratedDatabase;
let exports: ExportStore;
let claims: ExportClaims;
let tenant: { tenantId: string; keyId: string };
let metrics: Metrics;

beforeAll(async () => {
  db = await createMigratedDatabase();
  exports = createExportStore(db.database);
});
afterAll(() => db.drop());
beforeEach(async () => {
  metrics = createMetrics({ service: 'database-gateway', version: '0', enabled: true });
  claims = createExportClaims(db.database, countExportEnds(metrics));
  tenant = await createTestTenant(db.database);
});

const auditActions = async () => {
  const rows = await db.sql<{ action: string }>(
    `SELECT action FROM audit_events WHERE tenant_id = $1 AND target_type = 'export' ORDER BY id`,
    [tenant.tenantId],
  );
  return rows.map((row) => row.action);
};
const outboxKeys = async () => {
  const rows = await db.sql<{ dedupe_key: string }>('SELECT dedupe_key FROM outbox WHERE tenant_id = $1 ORDER BY id', [
    tenant.tenantId,
  ]);
  return rows.map((row) => row.dedupe_key);
};
const expireLease = (id: string) =>
  db.sql(`UPDATE export_jobs SET lease_until = now() - interval '1 s' WHERE id = $1`, [id]);

/** The series of exports that are not zero, without the buckets. */
const counted = async () => {
  const { samples } = parseExposition((await metrics.exposition()).body);
  const series = samples.filter(({ name, value }) => /^aion_export\w+(total|count)$/.test(name) && value !== 0);
  return series.map(({ name, labels, value }) => [name, ...Object.values(labels), value].join(' '));
};

const secondsOf = async (outcome: string) => {
  const { samples } = parseExposition((await metrics.exposition()).body);
  const sum = ({ name }: Sample) => name === 'aion_export_duration_seconds_sum';
  return samples.find((sample) => sum(sample) && sample.labels['outcome'] === outcome)?.value ?? Number.NaN;
};

describe('a requested export', () => {
  it('is stored with its audit event and its outbox row, which carries ids only', async () => {
    const id = await requestExport(db.database, tenant);
    const stored = await readExport(db.database, tenant.tenantId, id);
    expect(stored).toMatchObject({ id, state: 'requested', version: 1, bundle: null, failure: null, started_at: null });
    expect(await auditActions()).toEqual(['export.requested']);
    const [row] = await db.sql('SELECT topic, payload, dedupe_key FROM outbox WHERE tenant_id = $1', [tenant.tenantId]);
    expect(row).toEqual({
      topic: 'run-export',
      payload: { export_id: id, tenant_id: tenant.tenantId },
      dedupe_key: exportJobId(id, 1),
    });
  });

  it('leaves nothing behind when any part of its transaction fails', async () => {
    // The outbox row is the last statement.
    await db.sql(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION refuse();`);
    await expect(requestExport(db.database, tenant)).rejects.toThrow('refused');
    await db.sql('DROP FUNCTION refuse CASCADE');
    const rows = await db.sql('SELECT 1 FROM export_jobs WHERE tenant_id = $1', [tenant.tenantId]);
    expect([rows, await auditActions(), await outboxKeys()]).toEqual([[], [], []]);
  });

  it('is refused, naming the active one, while another is unfinished, also when both come at once', async () => {
    const results = await Promise.allSettled([1, 2, 3].map(() => requestExport(db.database, tenant)));
    const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const lost = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason.message)] : []));
    expect([won.length, lost.length]).toEqual([1, 2]);
    for (const message of lost) expect(message).toContain(won[0]);
    expect(await outboxKeys()).toEqual([exportJobId(won[0]!, 1)]);
  });

  it('may follow one that has ended, and is listed with it by state, in both orders, page by page', async () => {
    const { id: first } = await completeNewExport(db.database, tenant);
    const { id, epoch } = await claimNewExport(db.database, tenant);
    await claims.fail(id, { tenant_id: tenant.tenantId, epoch, code: 'x', message: 'x' }, 'test');
    const last = await requestExport(db.database, tenant);
    const call = createManagement(db.database);
    const list = async (query: object) => (await call(storedRoute(listExports), holderOf(tenant), { query })).answer;
    const { data } = await list({ limit: 2 });
    expect(data.map((item) => [item.id, item.state])).toEqual([
      [last, 'requested'],
      [id, 'failed'],
    ]);
    const idsOf = async (query: object) => (await list(query)).data.map((item) => item.id);
    expect(await idsOf({ state: 'ready' })).toEqual([first]);
    expect(await idsOf({ order: 'asc' })).toEqual([first, id, last]);
    const page = await list({ order: 'asc', limit: 2 });
    expect(await idsOf({ order: 'asc', limit: 2, cursor: page.next_cursor })).toEqual([last]);
  });
});

describe('a claim', () => {
  it('is given to one of those who try at once; the others learn how long to wait', async () => {
    const id = await requestExport(db.database, tenant);
    const claim = () => claims.claim(id, { tenant_id: tenant.tenantId, lease_ms: 30_000 });
    const results = await Promise.allSettled([claim(), claim(), claim(), claim()]);
    const won = results.filter((result) => result.status === 'fulfilled');
    expect(won).toMatchObject([{ value: { outcome: 'claimed', epoch: 1, recipient: RECIPIENT } }]);
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      expect(result.reason).toMatchObject({ code: 'CONFLICT' });
      expect(result.reason.retryAfterSeconds).toBeGreaterThan(25);
      expect(result.reason.retryAfterSeconds).toBeLessThanOrEqual(30);
    }
    expect(await readExport(db.database, tenant.tenantId, id)).toMatchObject({ state: 'running', version: 2 });
  });

  it('of a finished export says so', async () => {
    const { id } = await completeNewExport(db.database, tenant);
    const result = await claims.claim(id, { tenant_id: tenant.tenantId, lease_ms: 30_000 });
    expect(result).toEqual({ outcome: 'finished', state: 'ready' });
  });

  it('of an unknown export is not found', async () => {
    const claim = claims.claim(uuidv7(), { tenant_id: tenant.tenantId, lease_ms: 30_000 });
    await expect(claim).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('that is taken over leaves its worker unable to change anything', async () => {
    const { id, epoch } = await claimNewExport(db.database, tenant);
    const tenant_id = tenant.tenantId;
    await expireLease(id);
    expect(await claims.claim(id, { tenant_id, lease_ms: 60_000 })).toMatchObject({ epoch: epoch + 1 });
    const current = { tenant_id, epoch: epoch + 1 };
    await claims.renew(id, { ...current, lease_ms: 60_000, state: 'sealing', progress: { ...NO_PROGRESS, rows: 4 } });
    const before = await db.sql('SELECT * FROM export_jobs WHERE id = $1', [id]);
    const zombie = { tenant_id, epoch };
    const completion = { manifest_sha256: 'ab'.repeat(32), rows: 9, files: FILES };
    for (const write of [
      claims.check(tenant_id, id, epoch),
      claims.renew(id, { ...zombie, lease_ms: 60_000, state: 'sealing', progress: NO_PROGRESS }),
      claims.complete(id, { ...zombie, ...completion }, 'test'),
      claims.fail(id, { ...zombie, code: 'x', message: 'x' }, 'test'),
    ]) {
      await expect(write).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('Epoch 1') });
    }
    expect(await db.sql('SELECT * FROM export_jobs WHERE id = $1', [id])).toEqual(before);
    expect(await db.sql('SELECT 1 FROM export_files WHERE export_id = $1', [id])).toEqual([]);
    await claims.complete(id, { ...current, ...completion }, 'test');
    await expect(claims.fail(id, { ...zombie, code: 'x', message: 'x' }, 'test')).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect(await readExport(db.database, tenant_id, id)).toMatchObject({ state: 'ready' });
  });
});

describe('progress', () => {
  it('grows the version when something changes, and not by a mere heartbeat', async () => {
    const { id, epoch } = await claimNewExport(db.database, tenant);
    const renew = (rows: number) =>
      claims.renew(id, {
        ...{ tenant_id: tenant.tenantId, epoch, lease_ms: 60_000, state: 'running' as const },
        progress: { tables_total: 6, tables_done: 1, rows_total: 9, rows, bytes: 10 * rows },
      });
    const versions: number[] = [];
    for (const rows of [3, 3, 4]) {
      await renew(rows);
      versions.push((await readExport(db.database, tenant.tenantId, id)).version);
    }
    expect(versions).toEqual([3, 3, 4]);
    const { progress } = await readExport(db.database, tenant.tenantId, id);
    expect(progress).toEqual({ tables_total: 6, tables_done: 1, rows_total: 9, rows: 4, bytes: 40 });
  });
});

describe('the completion', () => {
  it('stores files, state and one audit event, and may be repeated', async () => {
    const { id, epoch } = await completeNewExport(db.database, tenant);
    const completion = { manifest_sha256: 'ab'.repeat(32), rows: 9, files: FILES };
    await claims.complete(id, { tenant_id: tenant.tenantId, epoch, ...completion }, 'test');
    const stored = await readExport(db.database, tenant.tenantId, id);
    expect(stored).toMatchObject({ state: 'ready', bundle: { files: 2, bytes: 1_289, rows: 9 } });
    expect((await exports.readFiles(tenant.tenantId, id)).files).toEqual(FILES);
    expect(await auditActions()).toEqual(['export.requested', 'export.ready']);
  });

  it('is counted once, however often it is repeated, with the seconds since the request', async () => {
    const { id, epoch } = await claimNewExport(db.database, tenant);
    await db.sql(`UPDATE export_jobs SET created_at = created_at - interval '90 s' WHERE id = $1`, [id]);
    const as = { tenant_id: tenant.tenantId, epoch };
    await claims.renew(id, { ...as, lease_ms: 60_000, state: 'sealing', progress: NO_PROGRESS });
    const completion = { ...as, manifest_sha256: 'ab'.repeat(32), rows: 9, files: FILES };
    expect(await counted()).toEqual([]);
    await Promise.all([1, 2, 3].map(() => claims.complete(id, completion, 'test')));
    expect(await counted()).toEqual(['aion_exports_total ready 1', 'aion_export_duration_seconds_count ready 1']);
    expect(Math.floor((await secondsOf('ready')) / 10)).toBe(9);
  });

  it('is refused before the bundle is being sealed, and the files are not to be had', async () => {
    const { id, epoch } = await claimNewExport(db.database, tenant);
    const completion = { manifest_sha256: 'ab'.repeat(32), rows: 9, files: FILES };
    const attempt = claims.complete(id, { tenant_id: tenant.tenantId, epoch, ...completion }, 'test');
    await expect(attempt).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('is running') });
    await expect(exports.readFiles(tenant.tenantId, id)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('leaves the export as it was when its files cannot be stored', async () => {
    const { id, epoch } = await claimNewExport(db.database, tenant);
    const as = { tenant_id: tenant.tenantId, epoch };
    await claims.renew(id, { ...as, lease_ms: 60_000, state: 'sealing', progress: NO_PROGRESS });
    const files = [FILES[0]!, FILES[0]!];
    await expect(
      claims.complete(id, { ...as, manifest_sha256: 'ab'.repeat(32), rows: 9, files }, 'test'),
    ).rejects.toThrow();
    expect(await readExport(db.database, tenant.tenantId, id)).toMatchObject({ state: 'sealing', bundle: null });
    expect(await counted()).toEqual([]);
    expect(await auditActions()).toEqual(['export.requested']);
  });
});

describe('a failure', () => {
  it('is final, has a reason and one audit event, and may be repeated', async () => {
    const { id, epoch } = await claimNewExport(db.database, tenant);
    const failure = { tenant_id: tenant.tenantId, epoch, code: 'disk_full', message: 'The store is full.' };
    await claims.fail(id, failure, 'test');
    await claims.fail(id, failure, 'test');
    expect(await readExport(db.database, tenant.tenantId, id)).toMatchObject({
      state: 'failed',
      failure: { code: 'disk_full', message: 'The store is full.' },
    });
    expect(await auditActions()).toEqual(['export.requested', 'export.failed']);
  });

  it('is counted once by its code, or as another when nobody knows that', async () => {
    for (const code of ['SCHEMA_DRIFT', 'code-of-a-newer-release']) {
      const { tenantId, keyId } = await createTestTenant(db.database);
      const { id, epoch } = await claimNewExport(db.database, { tenantId, keyId });
      const failure = { tenant_id: tenantId, epoch, code, message: 'x' };
      await claims.fail(id, failure, 'test');
      await claims.fail(id, failure, 'test');
    }
    expect(await counted()).toEqual([
      'aion_exports_total failed 2',
      'aion_export_failures_total SCHEMA_DRIFT 1',
      'aion_export_failures_total other 1',
      'aion_export_duration_seconds_count failed 2',
    ]);
  });
});

describe('a download', () => {
  it('is in the audit trail with who, what and which file', async () => {
    const { id } = await completeNewExport(db.database, tenant);
    const download = { tenant_id: tenant.tenantId, actor: 'signed-url' };
    await exports.recordDownload(id, { ...download, path: 'bagit.txt' });
    const rows = await db.sql(
      `SELECT actor, target_id, target_path FROM audit_events WHERE tenant_id = $1 AND action = 'export.downloaded'`,
      [tenant.tenantId],
    );
    expect(rows).toEqual([{ actor: 'signed-url', target_id: id, target_path: 'bagit.txt' }]);
  });
});

describe('the reconciler', () => {
  const reconciler = (options: Partial<ExportReconcilerOptions> = {}) =>
    createExportReconciler({
      database: db.database,
      logger: silentLogger,
      onEnd: countExportEnds(metrics),
      requeueMs: 60_000,
      deadlineMs: 86_400_000,
      ...options,
    });
  /** As if everything had happened that much earlier. */
  const age = (id: string, interval: string) =>
    db.sql(
      `UPDATE export_jobs SET updated_at = updated_at - $2::interval, progressed_at = progressed_at - $2::interval,
         lease_until = lease_until - $2::interval WHERE id = $1`,
      [id, interval],
    );
  const publish = () => db.sql('UPDATE outbox SET published_at = now() WHERE tenant_id = $1', [tenant.tenantId]);
  const queuedTimes = async () => (await outboxKeys()).length;

  it('queues an export again under a new job id, with the trace of its request, when no worker holds it', async () => {
    const id = await requestExport(db.database, tenant);
    await db.sql(`UPDATE outbox SET carrier = '{"traceparent":"00-a-b-01"}' WHERE tenant_id = $1`, [tenant.tenantId]);
    await publish();
    await age(id, '2 minutes');
    // Several replicas look at once.
    await Promise.all([reconciler().reconcile(), reconciler().reconcile(), reconciler().reconcile()]);
    expect(await outboxKeys()).toEqual([exportJobId(id, 1), exportJobId(id, 2)]);
    const rows = await db.sql('SELECT carrier FROM outbox WHERE dedupe_key = $1', [exportJobId(id, 2)]);
    expect(rows).toEqual([{ carrier: { traceparent: '00-a-b-01' } }]);
  });

  it('queues again what a dead worker left, and leaves alone what a living one holds', async () => {
    const { id } = await claimNewExport(db.database, tenant);
    await publish();
    await db.sql(`UPDATE export_jobs SET updated_at = now() - interval '1 hour' WHERE id = $1`, [id]);
    await reconciler().reconcile();
    expect(await queuedTimes()).toBe(1);
    await expireLease(id);
    await reconciler().reconcile();
    expect(await queuedTimes()).toBe(2);
  });

  it('adds no row while one waits in the outbox, and waits longer each time', async () => {
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

  it('goes on to the next export when one cannot be looked after', async () => {
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

  it('ends an export that makes no progress, with a reason', async () => {
    const { id, epoch } = await claimNewExport(db.database, tenant);
    await publish();
    await age(id, '25 hours');
    await reconciler().reconcile();
    expect(await readExport(db.database, tenant.tenantId, id)).toMatchObject({
      state: 'failed',
      failure: { code: 'NO_PROGRESS', message: expect.stringContaining('1440 minutes') },
    });
    const renewal = { lease_ms: 60_000, state: 'running' as const, progress: NO_PROGRESS };
    await expect(claims.renew(id, { tenant_id: tenant.tenantId, epoch, ...renewal })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  it('counts an export that it ends once, however many replicas look, with the time since its request', async () => {
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
    expect(Math.round((await secondsOf('failed')) / 3_600)).toBe(30);
  });

  it('ends an export that kills every worker which claims it', async () => {
    const { id } = await claimNewExport(db.database, tenant);
    await publish();
    await db.sql(`UPDATE export_jobs SET epoch = 3 WHERE id = $1`, [id]);
    await age(id, '2 minutes');
    await expireLease(id);
    await reconciler({ maxClaims: 3 }).reconcile();
    const { failure } = await waitFor(() => readExport(db.database, tenant.tenantId, id), { describe: 'the export' });
    expect(failure?.code).toBe('ATTEMPTS_EXHAUSTED');
    expect(await counted()).toContain('aion_export_failures_total ATTEMPTS_EXHAUSTED 1');
  });
});
