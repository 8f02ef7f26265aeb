import { internalRoute, routes } from '@aion/contracts';
import { createMetrics, type Metrics } from '@aion/metrics';
import { v7 as uuidv7 } from 'uuid';
import { countExportEnds } from '../src/exports/count-export-ends.ts';
import { createExportClaims, type ExportClaims } from '../src/exports/export-claims.ts';
import { createExportDownloads, type ExportDownloads } from '../src/exports/export-downloads.ts';
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
import { countedExports, expireLease, exportSecondsOf, outboxKeysOf } from './support/export-probes.ts';
import { createManagement, holderOf } from './support/management.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

let db: MigratedDatabase;
let exports: ExportDownloads;
let claims: ExportClaims;
let tenant: { tenantId: string; keyId: string };
let metrics: Metrics;

beforeAll(async () => {
  db = await createMigratedDatabase();
  exports = createExportDownloads(db.database);
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
const outboxKeys = () => outboxKeysOf(db, tenant.tenantId);
const counted = () => countedExports(metrics);

describe('requested export', () => {
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

  it('leaves no rows when any part of its transaction fails', async () => {
    // The outbox row is the last statement.
    await db.sql(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION refuse();`);
    await expect(requestExport(db.database, tenant)).rejects.toThrow('refused');
    await db.sql('DROP FUNCTION refuse CASCADE');
    const rows = await db.sql('SELECT 1 FROM export_jobs WHERE tenant_id = $1', [tenant.tenantId]);
    expect([rows, await auditActions(), await outboxKeys()]).toEqual([[], [], []]);
  });

  it('is rejected with the id of the unfinished one while another is unfinished, also for concurrent requests', async () => {
    const results = await Promise.allSettled([1, 2, 3].map(() => requestExport(db.database, tenant)));
    const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const lost = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason.message)] : []));
    expect([won.length, lost.length]).toEqual([1, 2]);
    for (const message of lost) expect(message).toContain(won[0]);
    expect(await outboxKeys()).toEqual([exportJobId(won[0]!, 1)]);
  });

  it('may follow a finished one, and is listed with it by state, in both orders, in pages', async () => {
    const { id: first } = await completeNewExport(db.database, tenant);
    const { id, epoch } = await claimNewExport(db.database, tenant);
    await claims.fail(id, { tenant_id: tenant.tenantId, epoch, code: 'x', message: 'x' }, 'test');
    const last = await requestExport(db.database, tenant);
    const call = createManagement(db.database);
    const list = async (query: object) =>
      (await call(internalRoute(routes.exports.list), holderOf(tenant), { query })).answer;
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

describe('claim of an export', () => {
  it('succeeds for one of several concurrent workers; the others get the time to wait', async () => {
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

  it('returns the state of a finished export', async () => {
    const { id } = await completeNewExport(db.database, tenant);
    const result = await claims.claim(id, { tenant_id: tenant.tenantId, lease_ms: 30_000 });
    expect(result).toEqual({ outcome: 'finished', state: 'ready' });
  });

  it('is rejected for an unknown export', async () => {
    const claim = claims.claim(uuidv7(), { tenant_id: tenant.tenantId, lease_ms: 30_000 });
    await expect(claim).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('invalidates the fencing token of the previous worker, which cannot change anything', async () => {
    const { id, epoch } = await claimNewExport(db.database, tenant);
    const tenant_id = tenant.tenantId;
    await expireLease(db, id);
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
      await expect(write).rejects.toMatchObject({
        code: 'CONFLICT',
        message: expect.stringContaining('Fencing token 1'),
      });
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

describe('progress of an export', () => {
  it('increments the version when it changes, and not with a heartbeat alone', async () => {
    const { id, epoch } = await claimNewExport(db.database, tenant);
    const renew = (rows: number) =>
      claims.renew(id, {
        tenant_id: tenant.tenantId,
        epoch,
        lease_ms: 60_000,
        state: 'running' as const,
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

describe('completion of an export', () => {
  it('stores files, state and one audit event, and may be repeated', async () => {
    const { id, epoch } = await completeNewExport(db.database, tenant);
    const completion = { manifest_sha256: 'ab'.repeat(32), rows: 9, files: FILES };
    await claims.complete(id, { tenant_id: tenant.tenantId, epoch, ...completion }, 'test');
    const stored = await readExport(db.database, tenant.tenantId, id);
    expect(stored).toMatchObject({ state: 'ready', bundle: { files: 2, bytes: 1_289, rows: 9 } });
    expect((await exports.readFiles(tenant.tenantId, id)).files).toEqual(FILES);
    expect(await auditActions()).toEqual(['export.requested', 'export.ready']);
  });

  it('is counted once when it is repeated, with the seconds since the request', async () => {
    const { id, epoch } = await claimNewExport(db.database, tenant);
    await db.sql(`UPDATE export_jobs SET created_at = created_at - interval '90 s' WHERE id = $1`, [id]);
    const as = { tenant_id: tenant.tenantId, epoch };
    await claims.renew(id, { ...as, lease_ms: 60_000, state: 'sealing', progress: NO_PROGRESS });
    const completion = { ...as, manifest_sha256: 'ab'.repeat(32), rows: 9, files: FILES };
    expect(await counted()).toEqual([]);
    await Promise.all([1, 2, 3].map(() => claims.complete(id, completion, 'test')));
    expect(await counted()).toEqual(['aion_exports_total ready 1', 'aion_export_duration_seconds_count ready 1']);
    expect(Math.floor((await exportSecondsOf(metrics, 'ready')) / 10)).toBe(9);
  });

  it('is rejected before the bundle is finalized, and its files cannot be read', async () => {
    const { id, epoch } = await claimNewExport(db.database, tenant);
    const completion = { manifest_sha256: 'ab'.repeat(32), rows: 9, files: FILES };
    const attempt = claims.complete(id, { tenant_id: tenant.tenantId, epoch, ...completion }, 'test');
    await expect(attempt).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('is running') });
    await expect(exports.readFiles(tenant.tenantId, id)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('leaves the export unchanged when its files cannot be stored', async () => {
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

describe('failure of an export', () => {
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

  it('is counted once by its code, or as other when the code is unknown', async () => {
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

describe('download of an export', () => {
  it('is recorded in the audit trail with actor, export and file', async () => {
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
