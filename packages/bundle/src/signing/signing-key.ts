import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { decodeSshStrings, encodeSshStrings } from './ssh-wire.ts';

/** The namespace of every bundle signature, so that it can never pass for one of another purpose. */
export const SIGNATURE_NAMESPACE = 'aion-bundle';
/** The name under which `allowed_signers` lists the key. */
export const SIGNER_PRINCIPAL = 'aion';

const SSH_KEY_TYPE = 'ssh-ed25519';
const ED25519_BYTES = 32;

/** An Ed25519 key that signs bundles. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  /** The public key in OpenSSH's form: `ssh-ed25519 AAAA...`. */
  readonly publicKey: string;
}

/** A key, or a text meant to be one, that cannot be used to sign or verify bundles. */
export class InvalidSigningKeyError extends Error {
  readonly code = 'INVALID_SIGNING_KEY';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InvalidSigningKeyError';
  }
}

/** OpenSSH's form of the 32 bytes of an Ed25519 public key (RFC 8709). */
export function formatSshPublicKey(point: Uint8Array): string {
  return `${SSH_KEY_TYPE} ${encodeSshStrings(SSH_KEY_TYPE, point).toString('base64')}`;
}

/**
 * The 32 bytes of an `ssh-ed25519 AAAA... [comment]` line.
 * @throws {InvalidSigningKeyError}
 */
export function parseSshPublicKey(line: string): Buffer {
  const [type, encoded = ''] = line.trim().split(/\s+/);
  const [innerType, point] = decodeSshStrings(Buffer.from(encoded, 'base64'), 2) ?? [];
  if (type !== SSH_KEY_TYPE || innerType?.toString() !== SSH_KEY_TYPE || point?.length !== ED25519_BYTES) {
    const start = JSON.stringify(line.slice(0, 60));
    throw new InvalidSigningKeyError(
      `${start} is not an OpenSSH Ed25519 public key: give a line "ssh-ed25519 AAAA...".`,
    );
  }
  return point;
}

/** The key object of an `ssh-ed25519 AAAA...` line. @throws {InvalidSigningKeyError} */
export function toPublicKeyObject(publicKey: string): KeyObject {
  const x = parseSshPublicKey(publicKey).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

/** Makes a key from the system's random generator. */
export function createSigningKey(): SigningKey {
  return toSigningKey(generateKeyPairSync('ed25519').privateKey);
}

/**
 * Reads an unencrypted PKCS #8 PEM, as {@link exportSigningKey} and `openssl genpkey -algorithm ed25519` write it.
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

/** The secret key as PKCS #8 PEM. */
export function exportSigningKey({ privateKey }: SigningKey): string {
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** The line of an `allowed_signers` file that lets `ssh-keygen -Y verify` accept this key for bundles only. */
export function formatAllowedSigner(publicKey: string): string {
  return `${SIGNER_PRINCIPAL} namespaces="${SIGNATURE_NAMESPACE}" ${publicKey}`;
}

/** The short form that people compare: `SHA256:...`, as `ssh-keygen -l` prints it. */
export function fingerprintSshKey(publicKey: string): string {
  const blob = encodeSshStrings(SSH_KEY_TYPE, parseSshPublicKey(publicKey));
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** The signer as the manifest names it: `ed25519:` and the Base64 of the public key's 32 bytes. */
export function formatSignerId(publicKey: string): string {
  return `ed25519:${parseSshPublicKey(publicKey).toString('base64')}`;
}

function toSigningKey(privateKey: KeyObject): SigningKey {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { privateKey, publicKey: formatSshPublicKey(Buffer.from(x, 'base64url')) };
}
