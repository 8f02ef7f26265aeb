import { BUNDLE_FORMAT, parseManifest, type BundleManifest, type ManifestTable } from '../manifest/bundle-manifest.ts';
import { formatSignerId } from '../signing/signing-key.ts';
import { MANIFEST_PATH, SCHEMA_PATH } from './tag-files.ts';
import type { BundleWriterOptions, FinalizedBundle } from './bundle-writer-options.ts';
import { finalizeBag, type BundleFile } from './finalize-bag.ts';
import { writeEncrypted, type EncryptedFile, type EncryptedFileContext } from './write-encrypted.ts';

const SOFTWARE_AGENT = '@aion/bundle 0.1.0';

/** The files, tables and exclusions of a bundle before it is finalized. */
export interface BundleContents {
  readonly files: BundleFile[];
  /** Tables by their number in the bundle. */
  readonly tables: Map<number, ManifestTable>;
  readonly excluded: { readonly name: string; readonly reason: string }[];
}

/** Completes a bundle after its tables: writes schema, manifest, clear files and signature. */
export async function finalizeBundle(
  options: BundleWriterOptions,
  context: EncryptedFileContext,
  contents: BundleContents,
): Promise<FinalizedBundle> {
  const at = options.now?.() ?? new Date();
  const schema = await writeSchema(context, contents, options.schema);
  const manifest = createManifest(options, contents, schema, at);
  const text = `${JSON.stringify(manifest, undefined, 1)}\n`;
  // A manifest that the verifier would reject is never written.
  parseManifest(text);
  const { plainSha256 } = await writeText(context, contents, MANIFEST_PATH, text);
  const { exportId, sink, signingKey, profileUrl } = options;
  const bag = { exportId, sink, signingKey, at, softwareAgent: SOFTWARE_AGENT, profileUrl };
  const files = await finalizeBag(bag, contents.files);
  return { files, manifest, manifestSha256: plainSha256, totals: countTotals(manifest, files) };
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

async function writeText(
  context: EncryptedFileContext,
  contents: BundleContents,
  path: string,
  text: string,
): Promise<EncryptedFile> {
  // The manifest is small and must be readable with age alone.
  const file = await writeEncrypted(context, path, once(text), { compress: path !== MANIFEST_PATH });
  contents.files.push({ path, bytes: file.bytes, sha256: file.sha256 });
  return file;
}

async function writeSchema(
  context: EncryptedFileContext,
  contents: BundleContents,
  { fingerprint, migration, sql }: BundleWriterOptions['schema'],
): Promise<BundleManifest['schema']> {
  if (sql === undefined) return { fingerprint, migration };
  const { path, plainBytes, plainSha256, innerSha256 } = await writeText(context, contents, SCHEMA_PATH, sql);
  const file = { f: path, plain: plainBytes, plain_sha256: plainSha256, zst_sha256: innerSha256 };
  return { fingerprint, migration, file };
}

function createManifest(
  options: BundleWriterOptions,
  contents: BundleContents,
  schema: BundleManifest['schema'],
  at: Date,
): BundleManifest {
  return {
    format: BUNDLE_FORMAT,
    export: options.exportId,
    tenant: options.tenantId,
    created: at.toISOString(),
    scope: { ...options.scope },
    snapshot: options.snapshot,
    schema,
    tables: [...contents.tables].toSorted(([a], [b]) => a - b).map(([, table]) => table),
    objects: [],
    excluded: [...contents.excluded],
    processors: [...(options.processors ?? [])],
    versions: { ...options.versions, bundle: SOFTWARE_AGENT },
    signer: formatSignerId(options.signingKey.publicKey),
  };
}

function countTotals(manifest: BundleManifest, files: readonly BundleFile[]): FinalizedBundle['totals'] {
  const { tables } = manifest;
  return {
    tables: tables.length,
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
    parts: tables.reduce((sum, table) => sum + table.parts.length, 0),
    plainBytes: tables.reduce((sum, table) => sum + table.bytes, 0),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
  };
}
