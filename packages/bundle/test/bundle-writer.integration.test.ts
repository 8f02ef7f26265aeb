import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  createBundleWriter,
  createDirectorySource,
  InvalidRecipientError,
  verifyBundle,
  type BundlePart,
  type BundleProgress,
  type BundleSink,
} from '@aion/bundle';
import {
  describeTable,
  makeRows,
  streamOf,
  tenantKey,
  writerOptions,
  writeSampleBundle,
} from './write-sample-bundle.ts';
import { removeTemporaryDirectories } from './make-temporary-directory.ts';

afterAll(removeTemporaryDirectories);

/** Creates a sink that stores each file in memory. */
function createMemorySink(): BundleSink & { files: Map<string, Buffer> } {
  const files = new Map<string, Buffer>();
  return { files, put: async (path, body) => void files.set(path, Buffer.concat(await body.toArray())) };
}

describe('createBundleWriter', () => {
  it('writes a bundle that verifies, and reports size and hash of every file', async () => {
    const { directory, bundle } = await writeSampleBundle();
    const source = createDirectorySource(directory);
    const report = await verifyBundle({ source, identity: tenantKey.identity });
    expect(report.checks.filter((check) => !check.ok)).toEqual([]);
    expect(report).toMatchObject({ ok: true, contentChecked: true, totals: { tables: 3, rows: 1503 } });
    expect((await source.list()).sort()).toEqual(bundle.files.map((file) => file.path).sort());
    for (const { path, bytes, sha256 } of bundle.files) {
      const content = Buffer.concat(await (await source.read(path)).toArray());
      expect({ path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') }).toEqual({
        path,
        bytes,
        sha256,
      });
    }
    const parts = bundle.manifest.tables[0]?.parts ?? [];
    expect(parts.length).toBeGreaterThan(2);
    expect(parts[0]).toMatchObject({ f: 'data/t0001-p00000.ndjson.zst.age', first: ['1'] });
    expect(parts.at(-1)).toMatchObject({ last: ['1500'] });
    expect(bundle.totals).toMatchObject({ tables: 3, rows: 1503, parts: parts.length + 1 });
  });

  it('produces the same plaintext hashes for the same rows, and another ciphertext', async () => {
    const [first, second] = [await writeSampleBundle(), await writeSampleBundle()];
    expect(second.bundle.manifestSha256).toBe(first.bundle.manifestSha256);
    expect(second.bundle.files.at(-1)?.sha256).not.toBe(first.bundle.files.at(-1)?.sha256);
  });

  it('exposes no table name in the clear layer', async () => {
    const { directory, bundle } = await writeSampleBundle();
    const source = createDirectorySource(directory);
    for (const { path } of bundle.files) {
      expect(path).not.toMatch(/messages|users/);
      const content = Buffer.concat(await (await source.read(path)).toArray()).toString('latin1');
      expect(content).not.toMatch(/public\.|messages|api_keys/);
    }
  });

  it('reports parts and progress', async () => {
    const parts: BundlePart[] = [];
    const progress: BundleProgress[] = [];
    const sink = createMemorySink();
    const writer = createBundleWriter({
      ...writerOptions,
      sink,
      onPart: (part) => void parts.push(part),
      onProgress: (step) => void progress.push(step),
    });
    const rows = makeRows(1000);
    await writer.addTable(describeTable('public.messages', 1000), streamOf(rows));
    expect(parts.map((part) => sink.files.get(part.path)?.length)).toEqual(parts.map((part) => part.bytes));
    expect(parts.reduce((sum, part) => sum + part.rows, 0)).toBe(1000);
    expect(progress.at(-1)).toEqual({ table: 'public.messages', rows: 1000, bytes: Buffer.byteLength(rows) });
  });

  it.each([999, 1001])('fails, and cannot be finalized, when the database counted %i of 1000 rows', async (dbCount) => {
    const writer = createBundleWriter({ ...writerOptions, sink: createMemorySink() });
    await expect(writer.addTable(describeTable('public.t', dbCount), streamOf(makeRows(1000)))).rejects.toMatchObject({
      code: 'ROW_COUNT_MISMATCH',
      message: expect.stringContaining(`public.t yielded 1000 rows, but the database counted ${dbCount}`),
    });
    await expect(writer.finalize()).rejects.toMatchObject({ code: 'WRITER_STATE' });
  });

  it('fails with the error of the source, and passes it to the sink', async () => {
    const failure = new Error('connection lost');
    let seen: unknown;
    const sink: BundleSink = {
      put: async (_path, body) => {
        try {
          await body.toArray();
        } catch (error) {
          seen = error;
          throw error;
        }
      },
    };
    async function* rows(): AsyncGenerator<Buffer> {
      yield Buffer.from(makeRows(10));
      await nextTurn();
      throw failure;
    }
    const writer = createBundleWriter({ ...writerOptions, sink });
    await expect(writer.addTable(describeTable('public.t', 10), rows())).rejects.toBe(failure);
    expect(seen).toBe(failure);
  });

  it.each([
    ['before it reads', (_body: Readable) => Promise.reject(new Error('disk full'))],
    [
      'while it reads',
      async (body: Readable) => {
        for await (const chunk of body) if (chunk) throw new Error('disk full');
      },
    ],
  ])('fails with the error of a sink that fails %s, and closes the source', async (_name, put) => {
    const rows = Readable.from(endlessRows(), { objectMode: false });
    const writer = createBundleWriter({
      ...writerOptions,
      maxPartBytes: 1 << 30,
      sink: { put: (_path, body) => put(body) },
    });
    await expect(writer.addTable(describeTable('public.t', 1), rows)).rejects.toThrow('disk full');
    expect(rows.destroyed).toBe(true);
  });

  it('fails when the sink does not read the complete file', async () => {
    const writer = createBundleWriter({ ...writerOptions, sink: { put: () => Promise.resolve() } });
    await expect(writer.addTable(describeTable('public.t', 9), streamOf(makeRows(9)))).rejects.toMatchObject({
      code: 'SINK_INCOMPLETE',
    });
  });

  it('fails when onPart rejects', async () => {
    const failure = new Error('another worker has taken over');
    const onPart = () => Promise.reject(failure);
    const writer = createBundleWriter({ ...writerOptions, sink: createMemorySink(), onPart });
    await expect(writer.addTable(describeTable('public.t', 9), streamOf(makeRows(9)))).rejects.toBe(failure);
  });

  it('stops reading when the sink stops', async () => {
    let read = 0;
    const rows = Readable.from(
      (async function* () {
        for await (const chunk of endlessRows()) {
          read += chunk.length;
          yield chunk;
        }
      })(),
      { objectMode: false },
    );
    let release = (_error: Error): void => undefined;
    const blocked = new Promise<never>((_resolve, reject) => (release = reject));
    const writer = createBundleWriter({ ...writerOptions, maxPartBytes: 1 << 30, sink: { put: () => blocked } });
    const written = writer.addTable(describeTable('public.t', 1), rows);
    const settled = expect(written).rejects.toThrow('enough');
    // The buffers between the stages fill up, and then reading stops.
    let quietTurns = 0;
    while (quietTurns < 1000) {
      const before = read;
      await nextTurn();
      quietTurns = before === read ? quietTurns + 1 : 0;
    }
    release(new Error('enough'));
    await settled;
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(8 * 1024 * 1024);
  });

  it('rejects unusable recipients, unusable export ids and duplicate tables', async () => {
    const sink = createMemorySink();
    expect(() => createBundleWriter({ ...writerOptions, sink, recipients: ['age1nonsense'] })).toThrow(
      InvalidRecipientError,
    );
    expect(() => createBundleWriter({ ...writerOptions, sink, exportId: '../x' })).toThrow(
      /cannot be the name of a folder/,
    );
    const writer = createBundleWriter({ ...writerOptions, sink });
    await writer.addTable(describeTable('public.t', 0), streamOf(''));
    await expect(writer.addTable(describeTable('public.t', 0), streamOf(''))).rejects.toThrow(/already in the bundle/);
  });
});

/** Generates endless rows that hardly compress. */
async function* endlessRows(): AsyncGenerator<Buffer> {
  for (let id = 0; ; id += 1) {
    await nextTurn();
    const noise = Array.from({ length: 1500 }, (_, index) =>
      createHash('sha256').update(`${id} ${index}`).digest('hex'),
    );
    yield Buffer.from(`{"id":${id},"text":"${noise.join('')}"}\n`);
  }
}
