import { createTestDatabase, freePort, type TestDatabase } from '@aion/testkit';
import { pauseRows, startPlatform, type Gate, type Platform } from './support/platform.ts';
import { rowChunks, TOTAL_ROWS, type TestExport } from './support/test-gateway.ts';

let database: TestDatabase;
let platform: Platform;

beforeEach(async () => {
  database = await createTestDatabase();
  platform = await startPlatform({ postgresUrl: database.url });
});

afterEach(async () => {
  await platform.close();
  await database.drop();
});

const untilReady = (row: TestExport) => platform.waitFor(() => row.state === 'ready', 'the export to be ready');
const untilPaused = (gate: Gate) => platform.waitFor(() => gate.waiting === 1, 'the COPY to be paused');
const untilStored = (row: TestExport) =>
  platform.waitFor(async () => (await platform.objectsOf(row)).length > 0, 'a part of the bundle to be stored');

/** Expects that the export was committed once, by the given run, that it is complete, and that no other object exists. */
async function expectComplete(row: TestExport, fencingToken: number): Promise<void> {
  expect(row).toMatchObject({ state: 'ready', fencingToken, completions: 1 });
  const report = await platform.verify(row);
  expect(report.checks.filter((check) => !check.ok)).toEqual([]);
  expect(report).toMatchObject({ ok: true, contentChecked: true, signerTrusted: true });
  expect(report.totals).toMatchObject({ tables: 3, rows: TOTAL_ROWS });
  const keys = row.files.map((file) => file.key).sort();
  await platform.waitFor(
    async () => (await platform.objectsOf(row)).length === keys.length,
    'the objects of older runs to be deleted',
  );
  expect(await platform.objectsOf(row)).toEqual(keys);
}

describe('data-export', () => {
  it('makes an export ready, with progress, metrics and a trace', async () => {
    const adminPort = await freePort();
    const gate = pauseRows(platform.gateway, () => true);
    const worker = await platform.startWorker({ AION_ADMIN_PORT: String(adminPort) });
    const row = await platform.requestExport();
    await platform.waitFor(() => row.progress?.tables_done === 1, 'progress');
    expect(row.progress).toMatchObject({ tables_total: 3, rows_total: TOTAL_ROWS });
    gate.open();
    await untilReady(row);
    await expectComplete(row, 1);

    const admin = `http://127.0.0.1:${adminPort}`;
    const metrics = await (await fetch(`${admin}/metrics`)).text();
    expect(metrics).toContain(`aion_export_rows_total ${TOTAL_ROWS}`);
    expect(metrics).toContain('aion_queue_job_wait_seconds_count{queue="exports"} 1');
    expect(metrics).toContain('aion_queue_jobs_stalled_total{queue="exports"} 0');
    // database-gateway exposes the metrics of the queue's content and of the database.
    expect(metrics).not.toMatch(
      /^(aion_queue_(jobs|dead_letter_jobs|oldest_job_age_seconds)|aion_outbox_\w+|db_\w+)[ {]/m,
    );
    const traceId = /"message":"Export ready".*?"trace_id":"([0-9a-f]{32})"/.exec(worker.output())?.[1] ?? '';
    const trace = await platform.waitFor(async () => {
      const body = await (await fetch(`${admin}/debug/traces/${traceId}`)).text();
      return body.includes('process exports') && body;
    }, 'the trace of the job');
    for (const phase of ['claim', 'snapshot', 'copy', 'table', 'seal', 'commit', 'sweep']) {
      expect(trace).toContain(`"export ${phase}"`);
    }
    expect(worker.output()).not.toContain(row.recipient);
  });

  it('takes over an export whose worker is killed in the middle of a COPY', async () => {
    const gate = pauseRows(platform.gateway, (row) => row.fencingToken === 1);
    const first = await platform.startWorker();
    const row = await platform.requestExport();
    await untilPaused(gate);
    await untilStored(row);
    await first.stop('SIGKILL');
    expect(await platform.objectsOf(row)).not.toEqual([]);
    const adminPort = await freePort();
    await platform.startWorker({ AION_ADMIN_PORT: String(adminPort) });
    await untilReady(row);
    await expectComplete(row, 2);
    const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    expect(metrics).toContain('aion_queue_jobs_stalled_total{queue="exports"} 1');
    expect(metrics).toMatch(/aion_queue_job_retries_total\{queue="exports"\} [1-9]/);
  });

  it('rejects writes of a worker that was frozen, lost its claim and resumes', async () => {
    const gate = pauseRows(platform.gateway, (row) => row.fencingToken === 1);
    const frozen = await platform.startWorker();
    const row = await platform.requestExport();
    await untilPaused(gate);
    frozen.kill('SIGSTOP');
    await platform.startWorker();
    await untilReady(row);
    gate.open();
    frozen.kill('SIGCONT');
    await platform.waitFor(
      () => frozen.output().includes('Export superseded by a newer fencing token'),
      'the frozen worker to detect it',
    );
    await expectComplete(row, 2);
  });

  it('releases an export that cannot end in time after SIGTERM, and deletes its objects', async () => {
    const gate = pauseRows(platform.gateway, (row) => row.fencingToken === 1);
    const first = await platform.startWorker({ AION_SHUTDOWN_GRACE_MS: '3000' });
    const row = await platform.requestExport();
    await untilPaused(gate);
    await untilStored(row);
    expect(await first.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(first.output()).toContain('Export released at shutdown');
    expect(await platform.objectsOf(row)).toEqual([]);
    expect(row.state).toBe('running');
    await platform.startWorker();
    await untilReady(row);
    await expectComplete(row, 2);
  });

  it('completes an export that can end in time after SIGTERM', async () => {
    const gate = pauseRows(platform.gateway, () => true);
    const worker = await platform.startWorker();
    const row = await platform.requestExport();
    await untilPaused(gate);
    worker.kill('SIGTERM');
    await platform.waitFor(() => worker.output().includes('Service is stopping'), 'the worker to stop');
    gate.open();
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    await expectComplete(row, 1);
  });

  it('restarts an export when database-gateway dies in the middle of a COPY', async () => {
    const gate = pauseRows(platform.gateway, (row) => row.fencingToken === 1);
    await platform.startWorker();
    const row = await platform.requestExport();
    await untilPaused(gate);
    await platform.gateway.stop();
    await platform.gateway.start(platform.gatewayPort);
    await untilReady(row);
    await expectComplete(row, row.fencingToken);
    expect(row.fencingToken).toBeGreaterThan(1);
  });

  it('restarts an export when a row stream is interrupted', async () => {
    platform.gateway.rows = async function* (row, table) {
      let chunks = 0;
      for await (const chunk of rowChunks(table)) {
        chunks += 1;
        if (row.fencingToken === 1 && chunks === 20) throw new Error('interrupted');
        yield chunk;
      }
    };
    const worker = await platform.startWorker();
    const row = await platform.requestExport();
    await untilReady(row);
    await expectComplete(row, 2);
    expect(worker.output()).toContain('Export run failed, will retry');
  });

  it('fails an export with fewer rows than counted, and stores nothing of it', async () => {
    platform.gateway.rows = async function* (_row, table) {
      let chunks = 0;
      for await (const chunk of rowChunks(table)) {
        chunks += 1;
        if (chunks < 40) yield chunk;
      }
    };
    await platform.startWorker();
    const row = await platform.requestExport();
    await platform.waitFor(() => row.state === 'failed', 'the export to have failed');
    expect(row).toMatchObject({ fencingToken: 2, completions: 0, failure: { code: 'ROW_COUNT_MISMATCH' } });
    await platform.waitFor(async () => (await platform.objectsOf(row)).length === 0, 'the objects to be deleted');
  });

  it('starts before database-gateway, and logs that it waits for it', async () => {
    await platform.gateway.stop();
    const adminPort = await freePort();
    const worker = await platform.startWorker({ AION_ADMIN_PORT: String(adminPort) }, (output) =>
      output.includes('Waiting for dependencies'),
    );
    const url = `http://127.0.0.1:${adminPort}/readyz`;
    const waiting = await platform.waitFor(async () => {
      const answer = await fetch(url);
      const body: unknown = await answer.json();
      return JSON.stringify(body).includes('"queue":{"ok":true') && { status: answer.status, body };
    }, 'the queue to be connected');
    expect(waiting).toMatchObject({
      status: 503,
      body: { checks: { 'database-gateway': { ok: false }, 'object-store': { ok: true } } },
    });
    const row = await platform.requestExport();
    await platform.gateway.start(platform.gatewayPort);
    await untilReady(row);
    await platform.waitFor(() => worker.output().includes('Service is ready'), 'readiness');
    await expectComplete(row, 1);
  });
});
