import { parseAgeIdentity } from '../age/parse-age-identity.ts';
import type { BundleSource } from '../bundle-source.ts';
import { parseSshPublicKey } from '../signing/signing-key.ts';
import { createBundleReader, type BundleReader } from './bundle-reader.ts';
import { checkContents, checkManifest, checkSchema, checkTable } from './check-contents.ts';
import { checkDeclaration, checkPayload, checkTags } from './check-payload.ts';
import { createCheckList, type CheckList } from './check-list.ts';
import { checkSignature, checkSigner } from './check-signature.ts';
import { checkStructure } from './check-structure.ts';
import type { VerificationProgress, VerificationReport } from './verification-report.ts';

/** Options of {@link verifyBundle}. */
export interface VerifyBundleOptions {
  readonly source: BundleSource;
  /** The text of an age identity file. Without it only the clear layer is checked. */
  readonly identity?: string;
  /** `ssh-ed25519 AAAA...` from another source than the bundle. Without it any signer is accepted. */
  readonly trustedPublicKey?: string;
  readonly onProgress?: (progress: VerificationProgress) => void;
  /** Receives each decrypted row as one line of JSON. */
  readonly onRow?: (table: string, row: string) => void;
}

interface ClearLayer {
  readonly exportId: string | undefined;
  readonly signer: string | undefined;
  readonly signerTrusted: boolean;
  readonly files: number;
  readonly bytes: number;
}

/**
 * Verifies a bundle: paths, hashes, signature; with an identity also that every part decrypts, that every row is JSON, and
 * that all rows which the database counted are present. An invalid bundle yields a report, never an exception.
 * @throws {InvalidIdentityError} {InvalidSigningKeyError} when the keys of the caller are not usable; I/O errors of the
 * source are rethrown.
 */
export async function verifyBundle(options: VerifyBundleOptions): Promise<VerificationReport> {
  const { source, identity, trustedPublicKey, onProgress = () => undefined, onRow } = options;
  if (identity !== undefined) parseAgeIdentity(identity);
  if (trustedPublicKey !== undefined) parseSshPublicKey(trustedPublicKey);
  const checks = createCheckList();
  // When paths are unsafe or missing, no file is read.
  const paths = await checks.run('structure', () => checkStructure(source));
  const none: ClearLayer = { exportId: undefined, signer: undefined, signerTrusted: false, files: 0, bytes: 0 };
  const reader = paths === undefined ? undefined : createBundleReader(source, paths, onProgress);
  const clear = reader === undefined ? none : await verifyClearLayer(checks, reader, options);
  const isReadable = reader !== undefined && identity !== undefined;
  const content = isReadable ? await verifyContent(checks, reader, { identity, onRow }, clear) : { tables: 0, rows: 0 };
  const { exportId, signer, signerTrusted, files, bytes } = clear;
  return {
    ok: checks.results.every((check) => check.ok),
    contentChecked: isReadable,
    signerTrusted,
    exportId,
    signer,
    checks: checks.results,
    totals: { files, bytes, ...content },
  };
}

async function verifyClearLayer(
  checks: CheckList,
  reader: BundleReader,
  options: VerifyBundleOptions,
): Promise<ClearLayer> {
  const declaration = await checks.run('declaration', () => checkDeclaration(reader));
  const payloadBytes = Number(declaration?.oxum.split('.')[0] ?? 0);
  reader.expectBytes(payloadBytes * (options.identity === undefined ? 1 : 2));
  const payload = await checks.run('payload hashes', () => checkPayload(reader, declaration?.oxum));
  await checks.run('tag hashes', () => checkTags(reader));
  const signer = await checks.run('signature', () => checkSignature(reader));
  const { trustedPublicKey: trusted } = options;
  const isTrusted = trusted !== undefined && (await checks.run('signer', () => checkSigner(signer, trusted)));
  return {
    exportId: declaration?.exportId,
    signer,
    signerTrusted: isTrusted === true,
    files: payload?.files ?? 0,
    bytes: payload?.bytes ?? 0,
  };
}

async function verifyContent(
  checks: CheckList,
  reader: BundleReader,
  { identity, onRow }: { readonly identity: string; readonly onRow: VerifyBundleOptions['onRow'] },
  clear: ClearLayer,
): Promise<{ tables: number; rows: number }> {
  const manifest = await checks.run('manifest', () => checkManifest(reader, identity, clear));
  if (manifest === undefined) return { tables: 0, rows: 0 };
  await checks.run('contents', () => checkContents(reader, manifest));
  const { file } = manifest.schema;
  if (file !== undefined) await checks.run('schema', () => checkSchema(reader, identity, file));
  let tables = 0;
  let rows = 0;
  for (const table of manifest.tables) {
    const checked = await checks.run(`table ${table.name}`, () => checkTable(reader, identity, table, onRow));
    if (checked === undefined) continue;
    tables += 1;
    rows += checked.rows;
  }
  return { tables, rows };
}
