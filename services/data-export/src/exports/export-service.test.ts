import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSigningKey, generateAgeIdentity, verifyBundle } from '@aion/bundle';
import { DeadlineExceededError, NotFoundError, SchemaDriftError, UnavailableError } from '@aion/errors';
import { createLogger } from '@aion/logging';
import { createMetrics } from '@aion/metrics';
import { createExportObjects } from './export-objects.ts';
import { createExportService, type ExportServiceDeps } from './export-service.ts';
import { FakeExportGateway } from './testing/fake-export-gateway.ts';
import { MemoryObjectStore } from './testing/memory-object-store.ts';

const REF = { exportId: '01890a5d-ac96-774b-bcce-b302099a8057', tenantId: '01890a5d-ac96-774b-bcce-b302099a8058' };
const PREFIX = `exports/${REF.exportId}/`;
const COMPLETED = { status: 'completed' };
const NOTHING_LEFT = { status: 'completed', skipped: true };
const SUPERSEDED = { status: 'retry', delayMs: 5_000, reason: 'a newer fencing token was issued for the export' };
const INTERRUPTED = { status: 'retry', delayMs: 1_000, reason: 'the worker is closing' };
const ROWS = Array.from({ length: 50 }, (_, index) => JSON.stringify({ id: index, prompt: `canary-${index}` }));

function setUp(options: Partial<ExportServiceDeps> = {}) {
  const identity = generateAgeIdentity();
  const gateway = new FakeExportGateway(identity.recipient);
  gateway.tables = { projects: ROWS.slice(0, 3), generations: ROWS, files: [] };
  const store = new MemoryObjectStore();
  const metrics = createMetrics({ service: 'data-export', version: '0', enabled: true });
  const log = new PassThrough();
  const interrupt = new AbortController();
  const service = createExportService({
    gateway,
    objects: createExportObjects(store),
    signingKey: createSigningKey(),
    metrics,
    logger: createLogger({ service: 'data-export', level: 'debug', format: 'json', stream: log }),
    version: '0.1.0',
    leaseMs: 60,
    maxPartBytes: 65_536,
    ...options,
  });
  return {
    gateway,
    store,
    metrics,
    identity,
    interrupt,
    run: () => service.run(REF, interrupt.signal),
    logged: () => String(log.read() ?? ''),
  };
}

/** Waits until the call is aborted. */
function hang(signal?: AbortSignal): Promise<void> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new Error('The call was aborted.')));
  });
}

describe('successful export', () => {
  it('writes a complete bundle under its fencing token and commits it once', async () => {
    const { gateway, store, identity, run } = setUp();
    expect(await run()).toEqual(COMPLETED);
    expect(gateway.state).toBe('ready');
    expect(gateway.finalized?.rows).toBe(53);
    expect(gateway.finalized?.files.map((file) => file.key).sort()).toEqual(store.keys());
    expect(store.keys().every((key) => key.startsWith(`${PREFIX}1/`))).toBe(true);
    const report = await verifyBundle({ source: store.source(`${PREFIX}1/`), identity: identity.identity });
    expect(report).toMatchObject({ ok: true, contentChecked: true, totals: { tables: 3, rows: 53 } });
  });

  it('closes its snapshot before it finalizes the bundle, and finalizes it before the commit', async () => {
    const { gateway, run } = setUp();
    let openAtCommit = -1;
    gateway.before.complete = () => void (openAtCommit = gateway.snapshotsOpen);
    await run();
    expect(openAtCommit).toBe(0);
    expect(gateway.renewals.at(-1)?.state).toBe('sealing');
  });

  it('reports its progress', async () => {
    const { gateway, run } = setUp();
    await run();
    expect(gateway.renewals.at(-1)?.progress).toEqual({
      tablesTotal: 3,
      tablesDone: 3,
      rowsTotal: 53,
      rows: 53,
      bytes: [...ROWS, ...ROWS.slice(0, 3)].join('\n').length + 1,
    });
  });

  it('deletes objects of older fencing tokens, and none of other exports', async () => {
    const { gateway, store, run } = setUp();
    gateway.fencingToken = 2;
    store.objects.set(`${PREFIX}1/data/old`, Buffer.from('1'));
    store.objects.set(`${PREFIX}2/data/old`, Buffer.from('2'));
    store.objects.set(`${PREFIX}30/data/other`, Buffer.from('not of token 3'));
    store.objects.set('exports/other/1/data/other', Buffer.from('3'));
    await run();
    expect(store.keys().filter((key) => !key.startsWith(`${PREFIX}3/`))).toEqual(['exports/other/1/data/other']);
  });

  it('counts its rows and bytes in metrics that start at zero', async () => {
    const { metrics, run } = setUp();
    const written = async () => {
      const { body } = await metrics.exposition();
      return body.split('\n').filter((line) => line.startsWith('aion_export'));
    };
    expect(await written()).toEqual(['aion_export_rows_total 0', 'aion_export_bytes_total 0']);
    await run();
    const bytes = [...ROWS, ...ROWS.slice(0, 3)].join('\n').length + 1;
    expect(await written()).toEqual(['aion_export_rows_total 53', `aion_export_bytes_total ${bytes}`]);
  });

  it('logs neither content nor the recipient', async () => {
    const { gateway, run, logged } = setUp();
    await run();
    const log = logged();
    expect(log).toContain('Export ready');
    expect(log).not.toContain('canary');
    expect(log).not.toContain(gateway.recipient);
  });
});

describe('claim of an export', () => {
  it('is retried after the lease of another worker has expired', async () => {
    const { gateway, run } = setUp();
    gateway.leasedForSeconds = 7;
    expect(await run()).toEqual({ status: 'retry', delayMs: 7_000, reason: 'another worker holds the lease' });
    expect(gateway.calls).toEqual(['claim']);
  });

  it('that is ready retains its bundle and deletes objects of other fencing tokens', async () => {
    const { gateway, store, run } = setUp();
    await run();
    const bundle = store.keys();
    store.objects.set(`${PREFIX}0/data/old`, Buffer.from('old'));
    expect(await run()).toEqual(NOTHING_LEFT);
    expect(store.keys()).toEqual(bundle);
    expect(gateway.calls.filter((call) => call === 'complete')).toHaveLength(1);
  });

  it('that has failed deletes all of its objects', async () => {
    const { gateway, store, run } = setUp();
    gateway.state = 'failed';
    store.objects.set(`${PREFIX}1/data/old`, Buffer.from('old'));
    expect(await run()).toEqual(NOTHING_LEFT);
    expect(store.keys()).toEqual([]);
  });

  it('that no longer exists completes the job without work', async () => {
    const { gateway, run } = setUp();
    gateway.before.claim = () => {
      throw new NotFoundError('The export does not exist.');
    };
    expect(await run()).toEqual(NOTHING_LEFT);
  });

  it('is retried when it gets no answer', async () => {
    const { gateway, run } = setUp();
    gateway.before.claim = () => {
      throw new UnavailableError('database-gateway cannot be reached now.');
    };
    expect(await run()).toMatchObject({ status: 'retry', reason: 'UNAVAILABLE' });
  });

  it('fails the export when it was claimed too often without ending', async () => {
    const { gateway, run } = setUp({ maxClaims: 20 });
    gateway.fencingToken = 20;
    expect(await run()).toEqual(COMPLETED);
    expect(gateway).toMatchObject({ state: 'failed', failure: { code: 'WORKERS_LOST' } });
    expect(gateway.calls).toEqual(['claim', 'fail']);
  });
});

describe('run that has lost its claim', () => {
  it('stops at the first rejected renewal, completes nothing and deletes only its own objects', async () => {
    const { gateway, store, run } = setUp();
    gateway.before.readRows = async (signal) => {
      if (gateway.calls.filter((call) => call === 'readRows').length < 2) return;
      // Another worker takes over while the second table is read.
      gateway.fencingToken = 2;
      store.objects.set(`${PREFIX}2/data/new`, Buffer.from('new'));
      await hang(signal);
    };
    expect(await run()).toEqual(SUPERSEDED);
    expect(gateway.calls).not.toContain('complete');
    expect(gateway.calls).not.toContain('fail');
    expect(gateway.snapshotsOpen).toBe(0);
    expect(store.keys()).toEqual([`${PREFIX}2/data/new`]);
  });

  it('deletes its objects when its commit is rejected', async () => {
    const { gateway, store, run } = setUp();
    gateway.before.complete = () => void (gateway.fencingToken = 2);
    expect(await run()).toEqual(SUPERSEDED);
    expect(store.keys()).toEqual([]);
  });

  it('ends when no renewal is answered until the lease expires', async () => {
    const { gateway, run } = setUp();
    gateway.before.renew = () => {
      throw new DeadlineExceededError('database-gateway did not answer in time.');
    };
    gateway.before.readRows = hang;
    expect(await run()).toMatchObject({ status: 'retry', reason: 'UNAVAILABLE' });
    expect(gateway.calls.filter((call) => call === 'renew').length).toBeGreaterThan(1);
  });

  it('continues when a renewal is answered late', async () => {
    const { gateway, run } = setUp({ leaseMs: 2_000 });
    let unanswered = 2;
    gateway.before.renew = () => {
      if (unanswered-- > 0) throw new UnavailableError('database-gateway cannot be reached now.');
    };
    expect(await run()).toEqual(COMPLETED);
    expect(gateway.state).toBe('ready');
  });
});

describe('failed run', () => {
  it('is retried later and leaves no objects when a row stream is interrupted', async () => {
    const { gateway, store, run } = setUp({ leaseMs: 5_000 });
    gateway.before.readRows = () => {
      if (gateway.calls.filter((call) => call === 'readRows').length === 2)
        throw new UnavailableError('The rows were interrupted.');
    };
    expect(await run()).toEqual({ status: 'retry', delayMs: 5_000, reason: 'UNAVAILABLE' });
    expect(store.keys()).toEqual([]);
    expect(gateway.snapshotsOpen).toBe(0);
    expect(gateway.state).toBe('running');
  });

  it('releases its lease', async () => {
    const { gateway, run } = setUp({ leaseMs: 5_000 });
    gateway.before.readRows = () => {
      throw new UnavailableError('The rows were interrupted.');
    };
    await run();
    expect(gateway.renewals.at(-1)?.leaseMs).toBe(1_000);
  });

  it('is retried when the snapshot is lost while a row stream hangs', async () => {
    const { gateway, run } = setUp();
    gateway.before.readRows = async (signal) => {
      gateway.loseSnapshot(new UnavailableError('The snapshot was lost.'));
      await hang(signal);
    };
    expect(await run()).toMatchObject({ status: 'retry', reason: 'UNAVAILABLE' });
  });

  it('is retried when the object store fails', async () => {
    const { gateway, store, run } = setUp();
    store.failure = new Error('disk full');
    expect(await run()).toMatchObject({ status: 'retry', reason: 'EXPORT_FAILED' });
    expect(gateway.state).toBe('running');
  });

  it('doubles its delay each time, and fails the export when its attempts are used up', async () => {
    const { gateway, run } = setUp({ leaseMs: 5_000 });
    gateway.before.openSnapshot = () => {
      throw new UnavailableError('secret internals');
    };
    const results = [];
    while (gateway.failure === undefined) results.push(await run());
    const delays = results.map((result) => (result.status === 'retry' ? result.delayMs : result.status));
    expect(delays).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000, 'completed']);
    expect(gateway.state).toBe('failed');
    expect(gateway.failure.code).toBe('UNAVAILABLE');
    expect(gateway.failure.message).not.toContain('secret');
  });

  it('fails the export immediately when the recipient is unusable, and quotes it nowhere', async () => {
    const { gateway, run, logged } = setUp();
    gateway.recipient = 'age1notarecipient';
    expect(await run()).toEqual(COMPLETED);
    expect(gateway).toMatchObject({ state: 'failed', failure: { code: 'INVALID_RECIPIENT' } });
    expect(gateway.calls).toEqual(['claim', 'fail']);
    expect(gateway.failure?.message).not.toContain('notarecipient');
    expect(logged()).not.toContain('notarecipient');
  });

  it('fails the export immediately when the schema differs from the data map, and logs the difference', async () => {
    const { gateway, run, logged } = setUp();
    gateway.before.openSnapshot = () => {
      throw new SchemaDriftError('Column "tenants.nickname" is not in the data map.');
    };
    expect(await run()).toEqual(COMPLETED);
    expect(gateway).toMatchObject({ state: 'failed', failure: { code: 'SCHEMA_DRIFT' } });
    expect(gateway.calls).toEqual(['claim', 'openSnapshot', 'fail']);
    expect(gateway.failure?.message).toContain('operator');
    expect(gateway.failure?.message).not.toContain('nickname');
    expect(logged()).toContain('tenants.nickname');
  });

  it('fails the export when the rows are fewer than counted in two attempts', async () => {
    const { gateway, store, run } = setUp();
    gateway.counts = { generations: 51 };
    expect(await run()).toMatchObject({ status: 'retry', reason: 'ROW_COUNT_MISMATCH' });
    store.objects.set(`${PREFIX}1/data/left`, Buffer.from('not deleted by the first run'));
    expect(await run()).toEqual(COMPLETED);
    expect(gateway).toMatchObject({ state: 'failed', failure: { code: 'ROW_COUNT_MISMATCH' } });
    expect(gateway.finalized).toBeUndefined();
    expect(store.keys()).toEqual([]);
  });

  it('does not quote rows in the log', async () => {
    const { gateway, run, logged } = setUp();
    gateway.tables = { generations: ['{"prompt":"canary"}'] };
    expect(await run()).toMatchObject({ status: 'retry', reason: 'ROW_UNREADABLE' });
    expect(logged()).not.toContain('canary');
  });

  it('is retried when its failure cannot be recorded', async () => {
    const { gateway, run } = setUp();
    gateway.recipient = 'age1notarecipient';
    gateway.before.fail = () => {
      throw new UnavailableError('database-gateway cannot be reached now.');
    };
    expect(await run()).toMatchObject({ status: 'retry', reason: 'INVALID_RECIPIENT' });
  });
});

describe('commit without an answer', () => {
  it('is repeated with the same fencing token', async () => {
    const { gateway, run } = setUp();
    gateway.after.complete = () => {
      delete gateway.after.complete;
      throw new UnavailableError('The answer was lost.');
    };
    expect(await run()).toEqual(COMPLETED);
    expect(gateway.state).toBe('ready');
    expect(gateway.calls.filter((call) => call === 'complete')).toHaveLength(2);
  });

  it('retains the objects, which may be those of a ready export', async () => {
    const { gateway, store, run } = setUp();
    gateway.after.complete = () => {
      throw new UnavailableError('The answer was lost.');
    };
    expect(await run()).not.toMatchObject(COMPLETED);
    expect(gateway.state).toBe('ready');
    expect(store.keys()).toEqual(gateway.finalized?.files.map((file) => file.key).sort());
    expect(await run()).toEqual(NOTHING_LEFT);
    expect(store.keys()).toEqual(gateway.finalized?.files.map((file) => file.key).sort());
  });
});

describe('interrupted run', () => {
  it('ends soon, deletes its objects and releases its lease', async () => {
    const { gateway, store, interrupt, run } = setUp({ leaseMs: 60_000 });
    gateway.before.readRows = async (signal) => {
      if (gateway.calls.filter((call) => call === 'readRows').length < 2) return;
      setImmediate(() => interrupt.abort(new Error('the worker is closing')));
      await hang(signal);
    };
    expect(await run()).toEqual(INTERRUPTED);
    expect(store.keys()).toEqual([]);
    expect(gateway.state).toBe('running');
    expect(gateway.renewals.at(-1)?.leaseMs).toBe(1_000);
  });

  it('is superseded when its lease belongs to a newer fencing token', async () => {
    const { gateway, store, interrupt, run } = setUp({ leaseMs: 60_000 });
    gateway.before.readRows = async (signal) => {
      if (gateway.calls.filter((call) => call === 'readRows').length < 2) return;
      gateway.fencingToken += 1;
      setImmediate(() => interrupt.abort(new Error('the lock of the job is lost')));
      await hang(signal);
    };
    expect(await run()).toEqual(SUPERSEDED);
    expect(store.keys()).toEqual([]);
  });

  it('finishes a commit that is in progress', async () => {
    const { gateway, interrupt, run } = setUp();
    gateway.before.complete = async () => {
      interrupt.abort(new Error('the worker is closing'));
      await sleep(1);
    };
    expect(await run()).toEqual(COMPLETED);
    expect(gateway.state).toBe('ready');
  });
});
