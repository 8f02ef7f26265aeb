import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  createAgeDecryptStream,
  createAgeEncryptStream,
  createDirectorySink,
  createDirectorySource,
  type BundleManifest,
  type SigningKey,
} from '@aion/bundle';
import { MANIFEST_PATH, TAG_FILES } from '../src/writer/tag-files.ts';
import { finalizeBag } from '../src/writer/finalize-bag.ts';
import { signingKey, tenantKey, writerOptions } from './write-sample-bundle.ts';

/** Encrypts for the tenant, as anybody with the recipient can. */
export async function encryptForTenant(plain: Uint8Array): Promise<Buffer> {
  const encrypt = createAgeEncryptStream([tenantKey.recipient]);
  return Buffer.concat(await Readable.from([plain], { objectMode: false }).pipe(encrypt).toArray());
}

/** A manifest that a test may modify. */
export type LooseManifest = { -readonly [Key in keyof BundleManifest]: BundleManifest[Key] };

/**
 * Changes the encrypted manifest and signs the bundle again, as a faulty writer or somebody with the signing key could.
 * Only the checks of the content can detect it.
 */
export async function refinalizeBundle(
  directory: string,
  change: (manifest: LooseManifest) => void,
  key: SigningKey = signingKey,
): Promise<void> {
  const file = join(directory, MANIFEST_PATH);
  const decrypt = createAgeDecryptStream(tenantKey.identity);
  const text = Buffer.concat(
    await Readable.from([await readFile(file)], { objectMode: false })
      .pipe(decrypt)
      .toArray(),
  );
  const manifest = JSON.parse(text.toString()) as LooseManifest;
  change(manifest);
  await writeFile(file, await encryptForTenant(Buffer.from(JSON.stringify(manifest))));
  for (const path of Object.values(TAG_FILES)) await rm(join(directory, path));
  const payload = [];
  for (const path of await createDirectorySource(directory).list()) {
    const content = await readFile(join(directory, path));
    payload.push({ path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') });
  }
  const sink = createDirectorySink(directory);
  const { exportId } = writerOptions;
  const at = new Date('2026-01-02T03:05:00Z');
  await finalizeBag({ exportId, sink, signingKey: key, at, softwareAgent: 'test', profileUrl: undefined }, payload);
}
