import { Readable } from 'node:stream';
import { hash } from 'node:crypto';
import {
  createBundleWriter,
  createDirectorySink,
  createSigningKey,
  generateAgeIdentity,
  type BundleTable,
  type BundleWriterOptions,
  type FinalizedBundle,
} from '@aion/bundle';
import { makeTemporaryDirectory } from './make-temporary-directory.ts';

/** Keys of every sample bundle. */
export const signingKey = createSigningKey();
export const tenantKey = generateAgeIdentity();

/** Generates rows in the format of row_to_json of PostgreSQL. */
export function makeRows(count: number, tag = 'row'): string {
  return Array.from(
    { length: count },
    (_, index) => `{"id":${index + 1},"text":"${tag} \\"${index}\\" \u00e9"}\n`,
  ).join('');
}

/** Describes the table of {@link makeRows}. */
export function describeTable(name: string, dbCount: number, rows?: string): BundleTable {
  const columns = [
    { name: 'id', type: 'int8' },
    { name: 'text', type: 'text' },
  ];
  const table = { name, columns, orderBy: ['id'], dbCount };
  return rows === undefined ? table : { ...table, dbSum60: sumRows(rows) };
}

/** Computes {@link BundleTable.dbSum60} like PostgreSQL. */
export function sumRows(rows: string): string {
  const lines = rows.split('\n').slice(0, -1);
  return lines.reduce((sum, line) => sum + BigInt(`0x${hash('sha256', line, 'hex').slice(0, 15)}`), 0n).toString();
}

/** Creates a stream of chunks that do not end at rows. */
export function streamOf(text: string, chunkBytes = 1000): Readable {
  const bytes = Buffer.from(text);
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, index) =>
    bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  );
  return Readable.from(chunks, { objectMode: false });
}

/** Complete options without the sink. */
export const writerOptions: Omit<BundleWriterOptions, 'sink'> = {
  exportId: '0195a1c2-7d3e-7c4b-9f00-5a1b2c3d4e5f',
  tenantId: '0195a1c2-0000-7000-8000-000000000001',
  recipients: [tenantKey.recipient],
  signingKey,
  snapshot: { id: '00000003-0000001B-1', xid: '4711', lsn: '0/16B3748', at: '2026-01-02T03:04:05.000Z', frozen: true },
  schema: {
    fingerprint: `sha256:${'a'.repeat(64)}`,
    migration: '20260101000000_first',
    sql: 'create table messages ();\n',
  },
  maxPartBytes: 20_000,
  now: () => new Date('2026-01-02T03:05:00Z'),
};

/** Writes a bundle with one table in several parts, one in a single part, one without rows and one excluded. */
export async function writeSampleBundle(): Promise<{ directory: string; bundle: FinalizedBundle }> {
  const directory = await makeTemporaryDirectory();
  const writer = createBundleWriter({ ...writerOptions, sink: createDirectorySink(directory) });
  const messages = makeRows(1500);
  await writer.addTable(describeTable('public.messages', 1500, messages), streamOf(messages));
  await writer.addTable(describeTable('public.users', 3), streamOf(makeRows(3, 'user')));
  await writer.addTable(describeTable('public.empty', 0), streamOf(''));
  writer.exclude('public.api_keys', 'secrets');
  return { directory, bundle: await writer.finalize() };
}
