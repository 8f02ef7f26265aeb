import { pipeline } from 'node:stream/promises';
import { createAgeDecryptStream } from '../age/create-age-decrypt-stream.ts';
import { InvalidBundleError } from '../invalid-bundle-error.ts';
import { parseManifest, type BundleManifest, type ManifestTable } from '../manifest/bundle-manifest.ts';
import { computeMerkleRoot } from '../manifest/compute-merkle-root.ts';
import { formatSignerId } from '../signing/signing-key.ts';
import { MANIFEST_PATH } from '../writer/tag-files.ts';
import { collect, type BundleReader } from './bundle-reader.ts';
import { findRepeated, assertNoProblems, type Passed } from './check-list.ts';
import { readContent } from './read-content.ts';
import { createRowChecker } from './row-checker.ts';

const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

/** Decrypts the manifest and compares it with the clear layer. */
export async function checkManifest(
  reader: BundleReader,
  identity: string,
  clear: { readonly exportId: string | undefined; readonly signer: string | undefined },
): Promise<Passed<BundleManifest>> {
  const bytes = await pipeline(
    reader.read('content', MANIFEST_PATH),
    createAgeDecryptStream(identity),
    (content: AsyncIterable<Buffer>) => collect(content, MAX_MANIFEST_BYTES, MANIFEST_PATH),
  );
  const manifest = parseManifest(bytes.toString());
  const { exportId, signer } = clear;
  const problems: string[] = [];
  if (exportId !== undefined && manifest.export !== exportId) {
    problems.push(`the manifest is of export ${manifest.export}, but bag-info.txt contains ${exportId}`);
  }
  if (signer !== undefined && manifest.signer !== formatSignerId(signer)) {
    problems.push(`the manifest names the signer ${manifest.signer}, but another key signed the bundle`);
  }
  assertNoProblems(problems);
  const { tables, excluded } = manifest;
  return { message: `${manifest.format}, ${tables.length} tables, ${excluded.length} excluded`, value: manifest };
}

/** Checks that `data/` contains exactly the files of the manifest, each of them once. */
export function checkContents(reader: BundleReader, manifest: BundleManifest): Passed<true> {
  const schemaFile = manifest.schema.file === undefined ? [] : [manifest.schema.file.f];
  const named = [MANIFEST_PATH, ...schemaFile, ...manifest.tables.flatMap(({ parts }) => parts.map(({ f }) => f))];
  const set = new Set(named);
  const tables = manifest.tables.map(({ name }) => name);
  assertNoProblems([
    ...findRepeated([...named, ...tables]).map((name) => `${name} is named twice`),
    ...[...set]
      .filter((path) => !reader.paths.has(path))
      .map((path) => `${path} is named in the manifest, but missing`),
    ...[...reader.paths]
      .filter((path) => path.startsWith('data/') && !set.has(path))
      .map((path) => `${path} is not named in the manifest`),
  ]);
  return { message: `data/ contains exactly the ${set.size} files of the manifest`, value: true };
}

/** Checks the schema file against its hashes. */
export async function checkSchema(
  reader: BundleReader,
  identity: string,
  file: NonNullable<BundleManifest['schema']['file']>,
): Promise<Passed<true>> {
  const { f, plain, plain_sha256, zst_sha256 } = file;
  const expected = { path: f, plainBytes: plain, plainSha256: plain_sha256, zstSha256: zst_sha256 };
  await readContent(reader, identity, expected, () => undefined);
  return { message: `${plain} bytes of SQL`, value: true };
}

/** Checks every row of one table: decrypts, decompresses, hashes, parses and counts. */
export async function checkTable(
  reader: BundleReader,
  identity: string,
  table: ManifestTable,
  onRow?: (table: string, row: string) => void,
): Promise<Passed<ManifestTable>> {
  const checker = createRowChecker(table.name, table.db_sum60 !== undefined, (row) => onRow?.(table.name, row));
  for (const part of table.parts) {
    const before = checker.rows;
    const expected = {
      path: part.f,
      plainBytes: part.plain,
      plainSha256: part.plain_sha256,
      zstSha256: part.zst_sha256,
    };
    await readContent(reader, identity, expected, (chunk) => checker.add(chunk));
    checker.end();
    const rows = checker.rows - before;
    if (rows !== part.rows) throw new InvalidBundleError(`${part.f} has ${rows} rows, the manifest has ${part.rows}`);
  }
  assertTotals(table, checker.sum60);
  return { message: `${table.rows} rows in ${table.parts.length} parts, as the database counted`, value: table };
}

function assertTotals(table: ManifestTable, sum60: bigint): void {
  const rows = table.parts.reduce((sum, part) => sum + part.rows, 0);
  const bytes = table.parts.reduce((sum, part) => sum + part.plain, 0);
  const problems: string[] = [];
  if (rows !== table.rows) problems.push(`its parts have ${rows} rows, the manifest has ${table.rows}`);
  if (rows !== table.db_count) problems.push(`its parts have ${rows} rows, the database counted ${table.db_count}`);
  if (bytes !== table.bytes) problems.push(`its parts have ${bytes} bytes, the manifest has ${table.bytes}`);
  if (computeMerkleRoot(table.parts.map((part) => part.plain_sha256)) !== table.root) {
    problems.push('its Merkle root is not that of its parts');
  }
  if (table.db_sum60 !== undefined && BigInt(table.db_sum60) !== sum60) {
    problems.push(`the sum of its rows is ${sum60.toString()}, in the database it was ${table.db_sum60}`);
  }
  assertNoProblems(problems);
}
