import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { decodeSshStrings, encodeSshStrings } from './encode-ssh-strings.ts';

/** Namespace of every bundle signature, so that it is never valid for another purpose. */
export const SIGNATURE_NAMESPACE = 'aion-bundle';
/** Name of the key in `allowed_signers`. */
export const SIGNER_PRINCIPAL = 'aion';

const SSH_KEY_TYPE = 'ssh-ed25519';
const ED25519_BYTES = 32;

/** An Ed25519 key that signs bundles. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  /** The public key in the OpenSSH format: `ssh-ed25519 AAAA...`. */
  readonly publicKey: string;
}

/** A key, or a text in place of one, that cannot sign or verify bundles. */
export class InvalidSigningKeyError extends Error {
  readonly code = 'INVALID_SIGNING_KEY';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InvalidSigningKeyError';
  }
}

/** Formats the 32 bytes of an Ed25519 public key for OpenSSH (RFC 8709). */
export function formatSshPublicKey(point: Uint8Array): string {
  return `${SSH_KEY_TYPE} ${encodeSshStrings(SSH_KEY_TYPE, point).toString('base64')}`;
}

/**
 * Parses an `ssh-ed25519 AAAA... [comment]` line to the 32 bytes of the key.
 * @throws {InvalidSigningKeyError}
 */
export function parseSshPublicKey(line: string): Buffer {
  const [type, encoded = ''] = line.trim().split(/\s+/);
  const [innerType, point] = decodeSshStrings(Buffer.from(encoded, 'base64'), 2) ?? [];
  if (type !== SSH_KEY_TYPE || innerType?.toString() !== SSH_KEY_TYPE || point?.length !== ED25519_BYTES) {
    const start = JSON.stringify(line.slice(0, 60));
    throw new InvalidSigningKeyError(
      `${start} is not an OpenSSH Ed25519 public key. Use a line "ssh-ed25519 AAAA...".`,
    );
  }
  return point;
}

/** Parses an `ssh-ed25519 AAAA...` line to a key object. @throws {InvalidSigningKeyError} */
export function toPublicKeyObject(publicKey: string): KeyObject {
  const x = parseSshPublicKey(publicKey).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

/** Generates a key from the random generator of the system. */
export function createSigningKey(): SigningKey {
  return toSigningKey(generateKeyPairSync('ed25519').privateKey);
}

/**
 * Loads an unencrypted PKCS #8 PEM, the output of {@link exportSigningKey} and `openssl genpkey -algorithm ed25519`.
 * @throws {InvalidSigningKeyError} without quoting the secret text.
 */
export function loadSigningKey(pem: string): SigningKey {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch (error) {
    throw new InvalidSigningKeyError('The signing key is not a PKCS #8 PEM private key.', { cause: error });
  }
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw new InvalidSigningKeyError(`The signing key is of type ${privateKey.asymmetricKeyType ?? '?'}, not ed25519.`);
  }
  return toSigningKey(privateKey);
}

/** Exports the secret key as PKCS #8 PEM. */
export function exportSigningKey({ privateKey }: SigningKey): string {
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** Formats the line of an `allowed_signers` file with which `ssh-keygen -Y verify` accepts this key for bundles only. */
export function formatAllowedSigner(publicKey: string): string {
  return `${SIGNER_PRINCIPAL} namespaces="${SIGNATURE_NAMESPACE}" ${publicKey}`;
}

/** Computes the fingerprint that people compare: `SHA256:...`, as printed by `ssh-keygen -l`. */
export function fingerprintSshKey(publicKey: string): string {
  const blob = encodeSshStrings(SSH_KEY_TYPE, parseSshPublicKey(publicKey));
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** Formats the signer for the manifest: `ed25519:` and the Base64 of the 32 bytes of the public key. */
export function formatSignerId(publicKey: string): string {
  return `ed25519:${parseSshPublicKey(publicKey).toString('base64')}`;
}

function toSigningKey(privateKey: KeyObject): SigningKey {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { privateKey, publicKey: formatSshPublicKey(Buffer.from(x, 'base64url')) };
}
