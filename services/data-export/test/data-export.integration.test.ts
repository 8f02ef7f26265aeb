import { createTestDatabase, freePort, type TestDatabase } from '@aion/testkit';
import { holdRows, startPlatform, type Gate, type Platform } from './support/platform.ts';
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
const untilHeld = (gate: Gate) => platform.waitFor(() => gate.waiting === 1, 'the COPY to be in the middle');
const untilStored = (row: TestExport) =>
  platform.waitFor(async () => (await platform.objectsOf(row)).length > 0, 'a part of the bundle to be stored');

/** Ready once, complete, of the given epoch, and nothing else is stored. */
async function expectWhole(row: TestExport, epoch: number): Promise<void> {
  expect(row).toMatchObject({ state: 'ready', epoch, completions: 1 });
  const report = await platform.verify(row);
  expect(report.checks.filter((check) => !check.ok)).toEqual([]);
  expect(report).toMatchObject({ ok: true, contentChecked: true, signerTrusted: true });
  expect(report.totals).toMatchObject({ tables: 3, rows: TOTAL_ROWS });
  const keys = row.files.map((file) => file.key).sort();
  await platform.waitFor(
    async () => (await platform.objectsOf(row)).length === keys.length,
    'the objects of older epochs to be deleted',
  );
  expect(await platform.objectsOf(row)).toEqual(keys);
}

describe('data-export', () => {
  it('makes an export ready, with progress, metrics and a trace', async () => {
    const adminPort = await freePort();
    const gate = holdRows(platform.gateway, () => true);
    const worker = await platform.startWorker({ AION_ADMIN_PORT: String(adminPort) });
    const row = await platform.requestExport();
    await platform.waitFor(() => row.progress?.tables_done === 1, 'progress');
    expect(row.progress).toMatchObject({ tables_total: 3, rows_total: TOTAL_ROWS });
    gate.open();
    await untilReady(row);
    await expectWhole(row, 1);

    const admin = `http://127.0.0.1:${adminPort}`;
    const metrics = await (await fetch(`${admin}/metrics`)).text();
    expect(metrics).toContain(`aion_export_rows_total ${TOTAL_ROWS}`);
    expect(metrics).toContain('aion_queue_job_wait_seconds_count{queue="exports"} 1');
    expect(metrics).toContain('aion_queue_jobs_stalled_total{queue="exports"} 0');
    // What the queue holds, and the database, are database-gateway's to show.
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

  it('is taken over when its worker is killed in the middle of a COPY', async () => {
    const gate = holdRows(platform.gateway, (row) => row.epoch === 1);
    const first = await platform.startWorker();
    const row = await platform.requestExport();
    await untilHeld(gate);
    await untilStored(row);
    await first.stop('SIGKILL');
    expect(await platform.objectsOf(row)).not.toEqual([]);
    const adminPort = await freePort();
    await platform.startWorker({ AION_ADMIN_PORT: String(adminPort) });
    await untilReady(row);
    await expectWhole(row, 2);
    const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    expect(metrics).toContain('aion_queue_jobs_stalled_total{queue="exports"} 1');
    expect(metrics).toMatch(/aion_queue_job_retries_total\{queue="exports"\} [1-9]/);
  });

  it('ignores a worker that was frozen, lost its claim and wakes up', async () => {
    const gate = holdRows(platform.gateway, (row) => row.epoch === 1);
    const frozen = await platform.startWorker();
    const row = await platform.requestExport();
    await untilHeld(gate);
    frozen.kill('SIGSTOP');
    await platform.startWorker();
    await untilReady(row);
    gate.open();
    frozen.kill('SIGCONT');
    await platform.waitFor(
      () => frozen.output().includes('taken over by a newer epoch'),
      'the frozen worker to notice',
    );
    await expectWhole(row, 2);
  });

  it('is handed back on SIGTERM when it cannot end in time, and leaves nothing behind', async () => {
    const gate = holdRows(platform.gateway, (row) => row.epoch === 1);
    const first = await platform.startWorker({ AION_SHUTDOWN_GRACE_MS: '3000' });
    const row = await platform.requestExport();
    await untilHeld(gate);
    await untilStored(row);
    expect(await first.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(first.output()).toContain('Export was handed back');
    expect(await platform.objectsOf(row)).toEqual([]);
    expect(row.state).toBe('running');
    await platform.startWorker();
    await untilReady(row);
    await expectWhole(row, 2);
  });

  it('ends on SIGTERM what it can end in time', async () => {
    const gate = holdRows(platform.gateway, () => true);
    const worker = await platform.startWorker();
    const row = await platform.requestExport();
    await untilHeld(gate);
    worker.kill('SIGTERM');
    await platform.waitFor(() => worker.output().includes('Service is stopping'), 'the worker to stop');
    gate.open();
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    await expectWhole(row, 1);
  });

  it('starts over when database-gateway dies in the middle of a COPY', async () => {
    const gate = holdRows(platform.gateway, (row) => row.epoch === 1);
    await platform.startWorker();
    const row = await platform.requestExport();
    await untilHeld(gate);
    await platform.gateway.stop();
    await platform.gateway.start(platform.gatewayPort);
    await untilReady(row);
    await expectWhole(row, row.epoch);
    expect(row.epoch).toBeGreaterThan(1);
  });

  it('starts over when a row stream is broken off', async () => {
    platform.gateway.rows = async function* (row, table) {
      let chunks = 0;
      for await (const chunk of rowChunks(table)) {
        chunks += 1;
        if (row.epoch === 1 && chunks === 20) throw new Error('broken off');
        yield chunk;
      }
    };
    const worker = await platform.startWorker();
    const row = await platform.requestExport();
    await untilReady(row);
    await expectWhole(row, 2);
    expect(worker.output()).toContain('Export run failed and will be repeated');
  });

  it('fails an export whose rows are too few, and stores nothing of it', async () => {
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
    expect(row).toMatchObject({ epoch: 2, completions: 0, failure: { code: 'ROW_COUNT_MISMATCH' } });
    await platform.waitFor(async () => (await platform.objectsOf(row)).length === 0, 'the objects to be deleted');
  });

  it('waits for database-gateway, and says that it does', async () => {
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
    }, 'the queue to be there');
    expect(waiting).toMatchObject({
      status: 503,
      body: { checks: { 'database-gateway': { ok: false }, 'object-store': { ok: true } } },
    });
    const row = await platform.requestExport();
    await platform.gateway.start(platform.gatewayPort);
    await untilReady(row);
    await platform.waitFor(() => worker.output().includes('Service is ready'), 'readiness');
    await expectWhole(row, 1);
  });
});
