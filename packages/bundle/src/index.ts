export { AgeError, type AgeErrorCode } from './age/age-error.ts';
export { createAgeDecryptStream } from './age/create-age-decrypt-stream.ts';
export { createAgeEncryptStream } from './age/create-age-encrypt-stream.ts';
export { InvalidIdentityError } from './age/invalid-identity-error.ts';
export { InvalidRecipientError } from './age/invalid-recipient-error.ts';
export { generateAgeIdentity, type GeneratedAgeIdentity } from './age/parse-age-identity.ts';
export { parseAgeRecipient, type AgeRecipient } from './age/age-recipient.ts';
export type { BundleSink } from './bundle-sink.ts';
export type { BundleSource } from './bundle-source.ts';
export { createDirectorySink } from './create-directory-sink.ts';
export { createDirectorySource } from './create-directory-source.ts';
export { InvalidBundleError } from './invalid-bundle-error.ts';
export {
  BUNDLE_FORMAT,
  parseManifest,
  type BundleManifest,
  type BundleSnapshot,
  type JsonValue,
  type ManifestPart,
  type ManifestTable,
} from './manifest/bundle-manifest.ts';
export { computeMerkleRoot } from './manifest/compute-merkle-root.ts';
export {
  createSigningKey,
  exportSigningKey,
  fingerprintSshKey,
  formatAllowedSigner,
  formatSshPublicKey,
  InvalidSigningKeyError,
  loadSigningKey,
  SIGNATURE_NAMESPACE,
  SIGNER_PRINCIPAL,
  toPublicKeyObject,
  type SigningKey,
} from './signing/signing-key.ts';
export { signingKeySchema } from './signing/signing-key-schema.ts';
export { signSsh, verifySsh, type SshVerification } from './signing/sign-ssh.ts';
export { readTar, type OpenRange } from './tar/read-tar.ts';
export { layoutTar, type TarLayout, type TarLayoutOptions, type TarSegment } from './tar/tar-layout.ts';
export { createTarSource } from './tar/create-tar-source.ts';
export type { VerificationCheck, VerificationProgress, VerificationReport } from './verify/verification-report.ts';
export { verifyBundle, type VerifyBundleOptions } from './verify/verify-bundle.ts';
export { BundleWriteError, type BundleWriteErrorCode } from './writer/bundle-write-error.ts';
export { createBundleWriter } from './writer/create-bundle-writer.ts';
export type {
  BundleSchema,
  BundleWriter,
  BundleWriterOptions,
  FinalizedBundle,
} from './writer/bundle-writer-options.ts';
export type { BundleFile } from './writer/finalize-bag.ts';
export type { BundlePart } from './writer/write-part.ts';
export type { BundleProgress, BundleTable } from './writer/write-table.ts';
