import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { BundleSink } from '../bundle-sink.ts';
import { fingerprintSshKey, formatAllowedSigner, type SigningKey } from '../signing/signing-key.ts';
import { signSsh } from '../signing/sign-ssh.ts';
import { BAGIT_TEXT, formatBagInfo, formatChecksums, formatReadme, TAG_FILES, VERIFY_SCRIPT } from './tag-files.ts';

/** One file of a bundle: size in bytes, SHA-256 in hex. */
export interface BundleFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Options of {@link finalizeBag}. */
export interface BagOptions {
  readonly exportId: string;
  readonly sink: BundleSink;
  readonly signingKey: SigningKey;
  readonly at: Date;
  readonly softwareAgent: string;
  /** URL of the BagIt profile of this bag, if it is published. */
  readonly profileUrl: string | undefined;
}

/**
 * Writes the clear layer around the payload (RFC 8493) and signs it: one signature over the tag manifest covers every
 * file. The signature is written last, so an incomplete bundle has none.
 */
export async function finalizeBag(options: BagOptions, payload: readonly BundleFile[]): Promise<BundleFile[]> {
  const { sink, signingKey } = options;
  const sorted = payload.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const texts: readonly (readonly [string, string])[] = [
    [TAG_FILES.readme, formatReadme(options.exportId, fingerprintSshKey(signingKey.publicKey))],
    [TAG_FILES.allowedSigners, `${formatAllowedSigner(signingKey.publicKey)}\n`],
    [TAG_FILES.info, formatInfo(options, sorted)],
    [TAG_FILES.declaration, BAGIT_TEXT],
    [TAG_FILES.manifest, formatChecksums(sorted)],
    [TAG_FILES.publicKey, `${signingKey.publicKey}\n`],
    [TAG_FILES.script, VERIFY_SCRIPT],
  ];
  const tags: BundleFile[] = [];
  for (const [path, text] of texts) tags.push(await putText(sink, path, text));
  const tagManifest = formatChecksums(tags);
  const signature = signSsh(signingKey, Buffer.from(tagManifest));
  const signed = [
    await putText(sink, TAG_FILES.tagManifest, tagManifest),
    await putText(sink, TAG_FILES.signature, signature),
  ];
  return [...tags, ...signed, ...sorted];
}

async function putText(sink: BundleSink, path: string, text: string): Promise<BundleFile> {
  const bytes = Buffer.from(text);
  await sink.put(path, Readable.from([bytes], { objectMode: false }));
  return { path, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function formatInfo(options: BagOptions, payload: readonly BundleFile[]): string {
  const octets = payload.reduce((sum, { bytes }) => sum + bytes, 0);
  const { profileUrl } = options;
  return formatBagInfo({
    'Bagging-Date': options.at.toISOString().slice(0, 10),
    'Bag-Software-Agent': options.softwareAgent,
    'External-Identifier': options.exportId,
    ...(profileUrl === undefined ? {} : { 'BagIt-Profile-Identifier': profileUrl }),
    'Payload-Oxum': `${octets}.${payload.length}`,
  });
}
