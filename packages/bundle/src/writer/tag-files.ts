import { SIGNATURE_NAMESPACE, SIGNER_PRINCIPAL } from '../signing/signing-key.ts';

/** The declaration of RFC 8493, section 2.1.1. */
export const BAGIT_TEXT = 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n';

/** Names of the files outside `data/`. */
export const TAG_FILES = {
  declaration: 'bagit.txt',
  info: 'bag-info.txt',
  manifest: 'manifest-sha256.txt',
  tagManifest: 'tagmanifest-sha256.txt',
  signature: 'tagmanifest-sha256.txt.sig',
  publicKey: 'signing-key.pub',
  allowedSigners: 'allowed_signers',
  readme: 'README.txt',
  script: 'verify.sh',
} as const;

/** Path of the encrypted manifest. */
export const MANIFEST_PATH = 'data/0000-manifest.json.age';
/** Path of the encrypted database schema, which is optional. */
export const SCHEMA_PATH = 'data/schema.sql.zst.age';

/** Formats the entries of `bag-info.txt`, one `label: value` line each. */
export function formatBagInfo(entries: Readonly<Record<string, string>>): string {
  return Object.entries(entries)
    .map(([label, value]) => `${label}: ${value}\n`)
    .join('');
}

/** Formats the lines of a file for `sha256sum -c`, in the order of the files. */
export function formatChecksums(files: readonly { readonly path: string; readonly sha256: string }[]): string {
  return files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join('');
}

const VERIFY_COMMAND = [
  `ssh-keygen -Y verify -f ${TAG_FILES.allowedSigners} -I ${SIGNER_PRINCIPAL} -n ${SIGNATURE_NAMESPACE}`,
  `-s ${TAG_FILES.signature} < ${TAG_FILES.tagManifest}`,
].join(' ');

/** Formats the instructions for a tenant to check and open the bundle with standard programs. */
export function formatReadme(exportId: string, fingerprint: string): string {
  return `AION export ${exportId}

Everything under data/ is encrypted with age (https://age-encryption.org) to your recipients; only
your identity opens it. Run these commands in this folder.

1. Is every file whole?
     sha256sum -c ${TAG_FILES.manifest} ${TAG_FILES.tagManifest}

2. Who made it, and is it unaltered? (OpenSSH 8.1 or newer)
     ${VERIFY_COMMAND}
   The signing key's fingerprint is
     ${fingerprint}
   Compare it with the one that your provider publishes elsewhere: a key that arrives with the data
   proves nothing about its sender.

3. Open a part (key.txt is your age identity file):
     age -d -i key.txt data/t0001-p00000.ndjson.zst.age | zstd -d > rows.ndjson
   What each part holds is in the manifest:
     age -d -i key.txt ${MANIFEST_PATH}

"sh ${TAG_FILES.script}" does 1 and 2. "aion verify . --identity key.txt" does all three and also checks that
every row that the database counted is there.
`;
}

/** POSIX shell script that checks hashes and signature without a decryption key. */
export const VERIFY_SCRIPT = `#!/bin/sh
# Checks this bundle: signature, hashes, and that no file was added. Needs no decryption key.
# Usage: sh verify.sh [ALLOWED_SIGNERS]
# ALLOWED_SIGNERS is a file with a signing key that you trust; without it the key that came with the
# bundle is used, which shows that the bundle is consistent but not who made it.
set -eu
signers=\${1:-}
case $signers in '' | /*) ;; *) signers=$(pwd)/$signers ;; esac
cd "$(dirname "$0")"
if [ -z "$signers" ]; then
  signers=./${TAG_FILES.allowedSigners}
  echo 'Note: the signing key is the one in this bundle. Compare it with the published one.'
fi
if command -v sha256sum >/dev/null 2>&1; then check() { sha256sum -c "$1"; }; else check() { shasum -a 256 -c "$1"; }; fi
ssh-keygen -Y verify -f "$signers" -I ${SIGNER_PRINCIPAL} -n ${SIGNATURE_NAMESPACE} -s ${TAG_FILES.signature} <${TAG_FILES.tagManifest}
check ${TAG_FILES.tagManifest}
check ${TAG_FILES.manifest}
listed=$(wc -l <${TAG_FILES.manifest})
present=$(find data ! -type d | wc -l)
if [ "$listed" -ne "$present" ]; then
  echo "FAILED: data/ holds $present files, but the manifest lists $listed" >&2
  exit 1
fi
echo 'OK: the bundle is whole and its signature is valid.'
`;
