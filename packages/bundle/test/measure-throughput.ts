/**
 * Measures writer and verifier once: `node test/measure-throughput.ts [MiB]`. Writes realistic rows of about 1.2 KB, which
 * are hashed, compressed, encrypted and hashed again, into a sink that discards them and into a directory, and verifies
 * the latter.
 */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import {
  createBundleWriter,
  createDirectorySink,
  createDirectorySource,
  verifyBundle,
  type BundleSink,
  type FinalizedBundle,
} from '@aion/bundle';
import { describeTable, tenantKey, writerOptions } from './write-sample-bundle.ts';
import { makeTemporaryDirectory } from './make-temporary-directory.ts';

const WORDS = 'the export of a tenant is complete when each row that was counted is in it and opens with its key'.split(
  ' ',
);
const BLOCK_ROWS = 20_000;

/** Generates prose-like text of words and ids that zstd -3 compresses to a third or a quarter. */
function makeBlock(): string[] {
  return Array.from({ length: BLOCK_ROWS }, (_, index) => {
    const digest = createHash('sha512').update(String(index)).digest();
    const text = Array.from(
      { length: 150 },
      (_word, at) => WORDS[((digest[at % 64] ?? 0) * (at + 1)) % WORDS.length],
    ).join(' ');
    const ids = digest.toString('hex', 0, 32);
    return `,"conversation_id":"${ids.slice(0, 32)}","role":"user","content":"${text} ${ids}","tokens":${index % 977}}\n`;
  });
}

const block = makeBlock();
const totalBytes = Number(process.argv[2] ?? 500) * 1024 * 1024;

/** Generates chunks of about 64 KiB, like a COPY stream. */
function* makeChunks(): Generator<Buffer> {
  let bytes = 0;
  let id = 0;
  while (bytes < totalBytes) {
    let text = '';
    while (text.length < 65_536) {
      text += `{"id":${String(id)}${block[id % BLOCK_ROWS] ?? ''}`;
      id += 1;
    }
    bytes += text.length;
    yield Buffer.from(text);
  }
}

const chunks = [...makeChunks()];
const rows = chunks.reduce((sum, chunk) => sum + chunk.filter((byte) => byte === 10).length, 0);
const plainBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);

function report(name: string, startedAt: number, more = ''): void {
  const seconds = (performance.now() - startedAt) / 1000;
  const rssMb = process.memoryUsage.rss() / 1e6;
  const rate = `${(plainBytes / 1e6 / seconds).toFixed(0)} MB/s, ${(rows / 1000 / seconds).toFixed(0)} k rows/s`;
  process.stdout.write(`${name}: ${seconds.toFixed(2)} s, ${rate}, RSS ${rssMb.toFixed(0)} MB${more}\n`);
}

async function write(sink: BundleSink): Promise<FinalizedBundle> {
  const writer = createBundleWriter({ ...writerOptions, sink, maxPartBytes: 64 * 1024 * 1024 });
  await writer.addTable(describeTable('public.messages', rows), Readable.from(chunks, { objectMode: false }));
  return writer.finalize();
}

const discard: BundleSink = {
  put: async (_path, body) => {
    for await (const chunk of body) if (chunk === null) throw new Error('unreachable');
  },
};

const inputMb = (plainBytes / 1e6).toFixed(0);
process.stdout.write(
  `${inputMb} MB, ${String(rows)} rows, RSS with the input in memory ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB\n`,
);
let startedAt = performance.now();
const { totals } = await write(discard);
report('write, discarded', startedAt, `, ratio ${(totals.plainBytes / totals.bytes).toFixed(2)}`);
const directory = await makeTemporaryDirectory();
try {
  startedAt = performance.now();
  await write(createDirectorySink(directory));
  report('write, directory', startedAt);
  startedAt = performance.now();
  const { ok } = await verifyBundle({ source: createDirectorySource(directory), identity: tenantKey.identity });
  report('verify', startedAt, ok ? '' : ' FAILED');
} finally {
  await rm(directory, { recursive: true });
}
