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
import { describeTable, makeRows, streamOf, tenantKey, writerOptions, writeSampleBundle } from './sample-bundle.ts';
import { removeTemporaryDirectories } from './temporary-directory.ts';

afterAll(removeTemporaryDirectories);

/** Keeps each file in memory. */
function createMemorySink(): BundleSink & { files: Map<string, Buffer> } {
  const files = new Map<string, Buffer>();
  return { files, put: async (path, body) => void files.set(path, Buffer.concat(await body.toArray())) };
}

describe('a bundle writer', () => {
  it('writes a bundle that verifies, and accounts for every byte of it', async () => {
    const { directory, sealed } = await writeSampleBundle();
    const source = createDirectorySource(directory);
    const report = await verifyBundle({ source, identity: tenantKey.identity });
    expect(report.checks.filter((check) => !check.ok)).toEqual([]);
    expect(report).toMatchObject({ ok: true, contentChecked: true, totals: { tables: 3, rows: 1503 } });
    expect((await source.list()).sort()).toEqual(sealed.files.map((file) => file.path).sort());
    for (const { path, bytes, sha256 } of sealed.files) {
      const content = Buffer.concat(await (await source.read(path)).toArray());
      expect({ path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') }).toEqual({
        path,
        bytes,
        sha256,
      });
    }
    const parts = sealed.manifest.tables[0]?.parts ?? [];
    expect(parts.length).toBeGreaterThan(2);
    expect(parts[0]).toMatchObject({ f: 'data/t0001-p00000.ndjson.zst.age', first: ['1'] });
    expect(parts.at(-1)).toMatchObject({ last: ['1500'] });
    expect(sealed.totals).toMatchObject({ tables: 3, rows: 1503, parts: parts.length + 1 });
  });

  it('gives the same plaintext hashes for the same rows, and another ciphertext', async () => {
    const [first, second] = [await writeSampleBundle(), await writeSampleBundle()];
    expect(second.sealed.manifestSha256).toBe(first.sealed.manifestSha256);
    expect(second.sealed.files.at(-1)?.sha256).not.toBe(first.sealed.files.at(-1)?.sha256);
  });

  it('shows no table name in the clear layer', async () => {
    const { directory, sealed } = await writeSampleBundle();
    const source = createDirectorySource(directory);
    for (const { path } of sealed.files) {
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

  it.each([999, 1001])('fails, and cannot be sealed, when the database counted %i of 1000 rows', async (dbCount) => {
    const writer = createBundleWriter({ ...writerOptions, sink: createMemorySink() });
    await expect(writer.addTable(describeTable('public.t', dbCount), streamOf(makeRows(1000)))).rejects.toMatchObject({
      code: 'ROW_COUNT_MISMATCH',
      message: expect.stringContaining(`public.t gave 1000 rows, but the database counted ${dbCount}`),
    });
    await expect(writer.seal()).rejects.toMatchObject({ code: 'WRITER_STATE' });
  });

  it('fails with the error of the source, and lets the sink know', async () => {
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

  it('fails when the sink does not read all', async () => {
    const writer = createBundleWriter({ ...writerOptions, sink: { put: () => Promise.resolve() } });
    await expect(writer.addTable(describeTable('public.t', 9), streamOf(makeRows(9)))).rejects.toMatchObject({
      code: 'SINK_INCOMPLETE',
    });
  });

  it('fails when the receiver of a part refuses it', async () => {
    const refusal = new Error('another worker has taken over');
    const onPart = () => Promise.reject(refusal);
    const writer = createBundleWriter({ ...writerOptions, sink: createMemorySink(), onPart });
    await expect(writer.addTable(describeTable('public.t', 9), streamOf(makeRows(9)))).rejects.toBe(refusal);
  });

  it('reads no more than the sink takes', async () => {
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
    // The buffers between the stages fill up, and then nothing moves.
    for (let quietTurns = 0; quietTurns < 1000;) {
      const before = read;
      await nextTurn();
      quietTurns = before === read ? quietTurns + 1 : 0;
    }
    release(new Error('enough'));
    await settled;
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(8 * 1024 * 1024);
  });

  it('refuses unusable recipients and export ids, and tables that it has', async () => {
    const sink = createMemorySink();
    expect(() => createBundleWriter({ ...writerOptions, sink, recipients: ['age1nonsense'] })).toThrow(
      InvalidRecipientError,
    );
    expect(() => createBundleWriter({ ...writerOptions, sink, exportId: '../x' })).toThrow(/cannot name a folder/);
    const writer = createBundleWriter({ ...writerOptions, sink });
    await writer.addTable(describeTable('public.t', 0), streamOf(''));
    await expect(writer.addTable(describeTable('public.t', 0), streamOf(''))).rejects.toThrow(/in the bundle already/);
  });
});

/** Rows that hardly compress, without end. */
async function* endlessRows(): AsyncGenerator<Buffer> {
  for (let id = 0; ; id += 1) {
    await nextTurn();
    const noise = Array.from({ length: 1500 }, (_, index) =>
      createHash('sha256').update(`${id} ${index}`).digest('hex'),
    );
    yield Buffer.from(`{"id":${id},"text":"${noise.join('')}"}\n`);
  }
}
