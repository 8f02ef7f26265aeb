import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSigningKey, generateAgeIdentity, verifyBundle } from '@aion/bundle';
import { DeadlineExceededError, NotFoundError, SchemaDriftError, UnavailableError } from '@aion/errors';
import { createLogger } from '@aion/logging';
import { createMetrics } from '@aion/metrics';
import { ExportMetrics } from './export-metrics.ts';
import { createExportObjects } from './export-objects.ts';
import { createExportService } from './export-service.ts';
import type { ExportServiceDeps } from './export-service-deps.ts';
import { FakeExportGateway } from './testing/fake-export-gateway.ts';
import { MemoryObjectStore } from './testing/memory-object-store.ts';

const REF = { exportId: '01890a5d-ac96-774b-bcce-b302099a8057', tenantId: '01890a5d-ac96-774b-bcce-b302099a8058' };
const PREFIX = `exports/${REF.exportId}/`;
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
    metrics: new ExportMetrics(metrics),
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

/** Waits for the signal of the call, as a call that hangs does. */
function hang(signal?: AbortSignal): Promise<void> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new Error('The call was aborted.')));
  });
}

describe('an export that succeeds', () => {
  it('is a whole bundle under the keys of its epoch, committed once', async () => {
    const { gateway, store, identity, run } = setUp();
    expect(await run()).toEqual({ kind: 'ready' });
    expect(gateway.state).toBe('ready');
    expect(gateway.sealed?.rows).toBe(53);
    expect(gateway.sealed?.files.map((file) => file.key).sort()).toEqual(store.keys());
    expect(store.keys().every((key) => key.startsWith(`${PREFIX}1/`))).toBe(true);
    const report = await verifyBundle({ source: store.source(`${PREFIX}1/`), identity: identity.identity });
    expect(report).toMatchObject({ ok: true, contentChecked: true, totals: { tables: 3, rows: 53 } });
  });

  it('closes its snapshot before it seals, and seals before it commits', async () => {
    const { gateway, run } = setUp();
    let openAtCommit = -1;
    gateway.before.complete = () => void (openAtCommit = gateway.snapshotsOpen);
    await run();
    expect(openAtCommit).toBe(0);
    expect(gateway.renewals.at(-1)?.state).toBe('sealing');
  });

  it('reports how far it is', async () => {
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

  it('deletes what older epochs have left, and nothing of other exports', async () => {
    const { gateway, store, run } = setUp();
    gateway.epoch = 2;
    store.objects.set(`${PREFIX}1/data/old`, Buffer.from('1'));
    store.objects.set(`${PREFIX}2/data/old`, Buffer.from('2'));
    store.objects.set(`${PREFIX}30/data/other`, Buffer.from('not epoch 3'));
    store.objects.set('exports/other/1/data/kept', Buffer.from('3'));
    await run();
    expect(store.keys().filter((key) => !key.startsWith(`${PREFIX}3/`))).toEqual(['exports/other/1/data/kept']);
  });

  it('counts its rows and bytes, from zero', async () => {
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

  it('writes neither content nor the recipient into the log', async () => {
    const { gateway, run, logged } = setUp();
    await run();
    const log = logged();
    expect(log).toContain('Export ready');
    expect(log).not.toContain('canary');
    expect(log).not.toContain(gateway.recipient);
  });
});

describe('a claim', () => {
  it('that another worker holds is tried again when the lease has run out', async () => {
    const { gateway, run } = setUp();
    gateway.heldForSeconds = 7;
    expect(await run()).toEqual({ kind: 'held', retryAfterMs: 7_000 });
    expect(gateway.calls).toEqual(['claim']);
  });

  it('of a ready export leaves its bundle alone and deletes what is left of other epochs', async () => {
    const { gateway, store, run } = setUp();
    await run();
    const bundle = store.keys();
    store.objects.set(`${PREFIX}0/data/old`, Buffer.from('old'));
    expect(await run()).toEqual({ kind: 'nothing-to-do' });
    expect(store.keys()).toEqual(bundle);
    expect(gateway.calls.filter((call) => call === 'complete')).toHaveLength(1);
  });

  it('of a failed export deletes everything', async () => {
    const { gateway, store, run } = setUp();
    gateway.state = 'failed';
    store.objects.set(`${PREFIX}1/data/old`, Buffer.from('old'));
    expect(await run()).toEqual({ kind: 'nothing-to-do' });
    expect(store.keys()).toEqual([]);
  });

  it('of an export that is gone is nothing to do', async () => {
    const { gateway, run } = setUp();
    gateway.before.claim = () => {
      throw new NotFoundError('There is no such export.');
    };
    expect(await run()).toEqual({ kind: 'nothing-to-do' });
  });

  it('that gets no answer is tried again', async () => {
    const { gateway, run } = setUp();
    gateway.before.claim = () => {
      throw new UnavailableError('database-gateway cannot be reached now.');
    };
    expect(await run()).toMatchObject({ kind: 'retry', code: 'UNAVAILABLE' });
  });

  it('of an export that has killed its workers again and again fails it', async () => {
    const { gateway, run } = setUp({ maxClaims: 20 });
    gateway.epoch = 20;
    expect(await run()).toMatchObject({ kind: 'failed', failure: { code: 'WORKERS_LOST' } });
    expect(gateway.calls).toEqual(['claim', 'fail']);
  });
});

describe('a run that has lost its claim', () => {
  it('stops at the first refused renewal, completes nothing and deletes only its own objects', async () => {
    const { gateway, store, run } = setUp();
    gateway.before.readRows = async (signal) => {
      if (gateway.calls.filter((call) => call === 'readRows').length < 2) return;
      // Another worker takes over while the second table is read.
      gateway.epoch = 2;
      store.objects.set(`${PREFIX}2/data/new`, Buffer.from('new'));
      await hang(signal);
    };
    expect(await run()).toEqual({ kind: 'superseded' });
    expect(gateway.calls).not.toContain('complete');
    expect(gateway.calls).not.toContain('fail');
    expect(gateway.snapshotsOpen).toBe(0);
    expect(store.keys()).toEqual([`${PREFIX}2/data/new`]);
  });

  it('is refused at the commit and deletes its objects', async () => {
    const { gateway, store, run } = setUp();
    gateway.before.complete = () => void (gateway.epoch = 2);
    expect(await run()).toEqual({ kind: 'superseded' });
    expect(store.keys()).toEqual([]);
  });

  it('gives up when no renewal is answered for the length of a lease', async () => {
    const { gateway, run } = setUp();
    gateway.before.renew = () => {
      throw new DeadlineExceededError('database-gateway did not answer in time.');
    };
    gateway.before.readRows = hang;
    expect(await run()).toMatchObject({ kind: 'retry', code: 'UNAVAILABLE' });
    expect(gateway.calls.filter((call) => call === 'renew').length).toBeGreaterThan(1);
  });

  it('goes on when a renewal is answered late', async () => {
    const { gateway, run } = setUp({ leaseMs: 2_000 });
    let unanswered = 2;
    gateway.before.renew = () => {
      if (unanswered-- > 0) throw new UnavailableError('database-gateway cannot be reached now.');
    };
    expect(await run()).toEqual({ kind: 'ready' });
  });
});

describe('a run that fails', () => {
  it('is repeated later and leaves no objects when the rows break off', async () => {
    const { gateway, store, run } = setUp({ leaseMs: 5_000 });
    gateway.before.readRows = () => {
      if (gateway.calls.filter((call) => call === 'readRows').length === 2) throw new UnavailableError('Broken off.');
    };
    expect(await run()).toEqual({ kind: 'retry', code: 'UNAVAILABLE', delayMs: 5_000 });
    expect(store.keys()).toEqual([]);
    expect(gateway.snapshotsOpen).toBe(0);
    expect(gateway.state).toBe('running');
  });

  it('gives its lease back', async () => {
    const { gateway, run } = setUp({ leaseMs: 5_000 });
    gateway.before.readRows = () => {
      throw new UnavailableError('Broken off.');
    };
    await run();
    expect(gateway.renewals.at(-1)?.leaseMs).toBe(1_000);
  });

  it('is repeated when the snapshot is lost, whatever the rows say', async () => {
    const { gateway, run } = setUp();
    gateway.before.readRows = async (signal) => {
      gateway.loseSnapshot(new UnavailableError('The snapshot was lost.'));
      await hang(signal);
    };
    expect(await run()).toMatchObject({ kind: 'retry', code: 'UNAVAILABLE' });
  });

  it('is repeated when the object store fails', async () => {
    const { gateway, store, run } = setUp();
    store.failure = new Error('disk full');
    expect(await run()).toMatchObject({ kind: 'retry', code: 'EXPORT_FAILED' });
    expect(gateway.state).toBe('running');
  });

  it('waits twice as long each time, and fails the export when its attempts are used up', async () => {
    const { gateway, run } = setUp({ leaseMs: 5_000 });
    gateway.before.openSnapshot = () => {
      throw new UnavailableError('secret internals');
    };
    const outcomes = [];
    while (gateway.failure === undefined) outcomes.push(await run());
    const delays = outcomes.map((outcome) => (outcome.kind === 'retry' ? outcome.delayMs : outcome.kind));
    expect(delays).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000, 'failed']);
    expect(gateway.failure.code).toBe('UNAVAILABLE');
    expect(gateway.failure.message).not.toContain('secret');
  });

  it('fails the export at once when the recipient cannot be used, and repeats it nowhere', async () => {
    const { gateway, run, logged } = setUp();
    gateway.recipient = 'age1notarecipient';
    expect(await run()).toMatchObject({ kind: 'failed', failure: { code: 'INVALID_RECIPIENT' } });
    expect(gateway.calls).toEqual(['claim', 'fail']);
    expect(gateway.failure?.message).not.toContain('notarecipient');
    expect(logged()).not.toContain('notarecipient');
  });

  it('fails the export at once when the data map does not know the schema, and says where for the operator', async () => {
    const { gateway, run, logged } = setUp();
    gateway.before.openSnapshot = () => {
      throw new SchemaDriftError('Column "tenants.nickname" is not in the data map.');
    };
    expect(await run()).toMatchObject({ kind: 'failed', failure: { code: 'SCHEMA_DRIFT' } });
    expect(gateway.calls).toEqual(['claim', 'openSnapshot', 'fail']);
    expect(gateway.failure?.message).toContain('operator');
    expect(gateway.failure?.message).not.toContain('nickname');
    expect(logged()).toContain('tenants.nickname');
  });

  it('fails the export when the rows are fewer than counted for a second time', async () => {
    const { gateway, store, run } = setUp();
    gateway.counts = { generations: 51 };
    expect(await run()).toMatchObject({ kind: 'retry', code: 'ROW_COUNT_MISMATCH' });
    store.objects.set(`${PREFIX}1/data/left`, Buffer.from('a sweep that had failed'));
    expect(await run()).toMatchObject({ kind: 'failed', failure: { code: 'ROW_COUNT_MISMATCH' } });
    expect(gateway.sealed).toBeUndefined();
    expect(store.keys()).toEqual([]);
  });

  it('quotes no row in the log', async () => {
    const { gateway, run, logged } = setUp();
    gateway.tables = { generations: ['{"prompt":"canary"}'] };
    expect(await run()).toMatchObject({ kind: 'retry', code: 'ROW_UNREADABLE' });
    expect(logged()).not.toContain('canary');
  });

  it('is repeated when the gateway cannot be told that the export has failed', async () => {
    const { gateway, run } = setUp();
    gateway.recipient = 'age1notarecipient';
    gateway.before.fail = () => {
      throw new UnavailableError('database-gateway cannot be reached now.');
    };
    expect(await run()).toMatchObject({ kind: 'retry', code: 'INVALID_RECIPIENT' });
  });
});

describe('a commit without an answer', () => {
  it('is repeated with the same epoch', async () => {
    const { gateway, run } = setUp();
    gateway.after.complete = () => {
      delete gateway.after.complete;
      throw new UnavailableError('The answer was lost.');
    };
    expect(await run()).toEqual({ kind: 'ready' });
    expect(gateway.calls.filter((call) => call === 'complete')).toHaveLength(2);
  });

  it('leaves the objects, for they may be those of a ready export', async () => {
    const { gateway, store, run } = setUp();
    gateway.after.complete = () => {
      throw new UnavailableError('The answer was lost.');
    };
    expect(await run()).not.toMatchObject({ kind: 'ready' });
    expect(gateway.state).toBe('ready');
    expect(store.keys()).toEqual(gateway.sealed?.files.map((file) => file.key).sort());
    expect(await run()).toEqual({ kind: 'nothing-to-do' });
    expect(store.keys()).toEqual(gateway.sealed?.files.map((file) => file.key).sort());
  });
});

describe('a run that is interrupted', () => {
  it('ends soon, leaves nothing behind and gives its lease back', async () => {
    const { gateway, store, interrupt, run } = setUp({ leaseMs: 60_000 });
    gateway.before.readRows = async (signal) => {
      if (gateway.calls.filter((call) => call === 'readRows').length < 2) return;
      setImmediate(() => interrupt.abort(new Error('the worker is closing')));
      await hang(signal);
    };
    expect(await run()).toEqual({ kind: 'interrupted' });
    expect(store.keys()).toEqual([]);
    expect(gateway.state).toBe('running');
    expect(gateway.renewals.at(-1)?.leaseMs).toBe(1_000);
  });

  it('finishes a commit that is on its way', async () => {
    const { gateway, interrupt, run } = setUp();
    gateway.before.complete = async () => {
      interrupt.abort(new Error('the worker is closing'));
      await sleep(1);
    };
    expect(await run()).toEqual({ kind: 'ready' });
  });
});
