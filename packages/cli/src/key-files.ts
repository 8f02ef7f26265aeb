import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { formatSshPublicKey } from '@aion/bundle';
import { UsageError } from './usage-error.ts';

/** Reads a file that the caller named. @throws {UsageError} */
export async function readNamedFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  });
}

/**
 * Takes the one key out of a `.pub` file or an `allowed_signers` file, `ssh-ed25519 AAAA...`, or out of what
 * `openssl pkey -pubout` writes. @throws {UsageError}
 */
export async function readSigner(file: string): Promise<string> {
  const text = await readNamedFile(file);
  const keys = [
    ...(text.match(/ssh-ed25519 [A-Za-z0-9+/=]+/g) ?? []),
    ...(text.match(PEM) ?? []).map((pem) => toSshPublicKey(file, pem)),
  ];
  const [key] = keys;
  if (key !== undefined && keys.length === 1) return key;
  throw new UsageError(
    `${file} holds ${keys.length} keys: give a file with one line "ssh-ed25519 AAAA...", or one PEM public key`,
  );
}

/** A SubjectPublicKeyInfo (RFC 8410) in PEM. */
const PEM = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

function toSshPublicKey(file: string, pem: string): string {
  try {
    const { crv, x } = createPublicKey(pem).export({ format: 'jwk' });
    if (crv === 'Ed25519' && x !== undefined) return formatSshPublicKey(Buffer.from(x, 'base64url'));
  } catch (error) {
    throw new UsageError(`${file} holds a public key that cannot be read`, { cause: error });
  }
  throw new UsageError(`${file} holds a public key that is none of Ed25519`);
}
