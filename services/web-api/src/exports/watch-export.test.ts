import { Writable } from 'node:stream';
import type { ExportState } from '@aion/contracts';
import { NotFoundError, UnavailableError } from '@aion/errors';
import { createLogger } from '@aion/logging';
import { watchExport, type VersionedExport, type WatchExportOptions } from './watch-export.ts';

const at = (version: number, state: ExportState): VersionedExport => ({
  version,
  answer: {
    id: '01890a5d-ac96-774b-bcce-b302099a8057',
    tenant_id: '01890a5d-ac96-774b-bcce-b302099a8058',
    state,
    recipient: 'age1example',
    created_at: '2026-01-31T12:00:00.000Z',
    started_at: null,
    finished_at: null,
    progress: { tables_total: 0, tables_done: 0, rows_total: 0, rows: 0, bytes: 0 },
    bundle: null,
    failure: null,
  },
});

function setUp(first: VersionedExport, reads: (VersionedExport | Error)[], change: Partial<WatchExportOptions> = {}) {
  const stop = new AbortController();
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  const events = watchExport({
    first,
    read: async () => {
      const next = reads.shift();
      if (next === undefined) stop.abort();
      if (next instanceof Error) throw next;
      return next ?? first;
    },
    seenVersion: undefined,
    pollMs: 1,
    heartbeatMs: 60_000,
    limitMs: 60_000,
    signal: stop.signal,
    logger: createLogger({ service: 'test', level: 'info', format: 'json', stream }),
    ...change,
  });
  return { events, lines };
}

async function namesOf(events: AsyncIterable<Uint8Array>): Promise<string[]> {
  const names: string[] = [];
  for await (const chunk of events) {
    const text = Buffer.from(chunk).toString();
    const [, id] = /^id: (\d+)$/m.exec(text) ?? [];
    const [, event] = /^event: (\w+)$/m.exec(text) ?? [];
    names.push(id !== undefined && event !== undefined ? `${id} ${event}` : text.trim());
  }
  return names;
}

describe('watchExport', () => {
  it('sends each new version once and ends with the final one', async () => {
    const { events } = setUp(at(1, 'requested'), [
      at(1, 'requested'),
      at(2, 'running'),
      at(2, 'running'),
      at(5, 'ready'),
    ]);
    expect(await namesOf(events)).toEqual(['retry: 1000', '1 progress', '2 progress', '5 ready']);
  });

  it('sends a failure as the last event', async () => {
    const { events } = setUp(at(3, 'failed'), []);
    expect(await namesOf(events)).toEqual(['retry: 1000', '3 failed']);
  });

  it('omits versions that the reader has received', async () => {
    const { events } = setUp(at(2, 'running'), [at(3, 'sealing'), at(4, 'ready')], { seenVersion: 2 });
    expect(await namesOf(events)).toEqual(['retry: 1000', '3 progress', '4 ready']);
  });

  it('sends the export without the version of its row', async () => {
    const { events } = setUp(at(7, 'ready'), []);
    const chunks: Uint8Array[] = [];
    for await (const chunk of events) chunks.push(chunk);
    const [, data = ''] = /^data: (.*)$/m.exec(Buffer.concat(chunks).toString()) ?? [];
    const { answer: expected } = at(7, 'ready');
    expect(JSON.parse(data)).toEqual(expected);
  });

  it('sends heartbeats while nothing changes', async () => {
    const { events } = setUp(at(1, 'running'), [at(1, 'running'), at(2, 'ready')], { heartbeatMs: 0 });
    expect(await namesOf(events)).toEqual(['retry: 1000', '1 progress', ': heartbeat', '2 ready']);
  });

  it('continues while the export cannot be read temporarily, and logs it once', async () => {
    const unavailable = new UnavailableError('database-gateway cannot be reached now.');
    const { events, lines } = setUp(at(1, 'running'), [unavailable, unavailable, new Error('odd'), at(2, 'ready')]);
    expect(await namesOf(events)).toEqual(['retry: 1000', '1 progress', '2 ready']);
    expect(lines.map((line) => String(JSON.parse(line).message))).toEqual([
      'Watched export cannot be read now',
      'Watched export can be read again',
    ]);
  });

  it('fails when the export no longer exists', async () => {
    const { events } = setUp(at(1, 'running'), [new NotFoundError('There is no such export.')]);
    await expect(namesOf(events)).rejects.toThrow('There is no such export.');
  });

  it('ends cleanly at its time limit', async () => {
    const { events } = setUp(at(1, 'running'), [], { limitMs: 0 });
    expect(await namesOf(events)).toEqual(['retry: 1000', '1 progress']);
  });

  it('stops reading when its signal is aborted', async () => {
    const reads = [at(1, 'running')];
    const { events } = setUp(at(1, 'running'), reads);
    expect(await namesOf(events)).toEqual(['retry: 1000', '1 progress']);
    expect(reads).toEqual([]);
  });
});
