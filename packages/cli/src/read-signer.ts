import { createPublicKey } from 'node:crypto';
import { formatSshPublicKey } from '@aion/bundle';
import { readNamedFile } from './read-named-file.ts';
import { UsageError } from './usage-error.ts';

/** SubjectPublicKeyInfo (RFC 8410) in PEM. */
const PEM = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

/**
 * Reads the only key in a `.pub` file or an `allowed_signers` file (`ssh-ed25519 AAAA...`), or in the output of
 * `openssl pkey -pubout`.
 * @throws UsageError when the file does not contain exactly one Ed25519 key
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
    `${file} contains ${keys.length} keys: pass a file with one line "ssh-ed25519 AAAA...", or one PEM public key`,
  );
}

function toSshPublicKey(file: string, pem: string): string {
  try {
    const { crv, x } = createPublicKey(pem).export({ format: 'jwk' });
    if (crv === 'Ed25519' && x !== undefined) return formatSshPublicKey(Buffer.from(x, 'base64url'));
  } catch (error) {
    throw new UsageError(`${file} contains a public key that cannot be read`, { cause: error });
  }
  throw new UsageError(`${file} contains a public key that is not an Ed25519 key`);
}
