import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSigningKey, exportSigningKey } from '@aion/bundle';
import { errorCode } from '@aion/errors';
import { z } from 'zod';
import { LauncherError } from './launcher-error.ts';
import { writePrivateFile } from './private-file.ts';

const secret = z.string().min(32);
const privateKey = z.string().startsWith('-----BEGIN PRIVATE KEY-----');
const secretsSchema = z.object({
  serviceTokenSecret: secret,
  keyPepper: secret,
  initSecret: secret,
  sealingKey: secret,
  /** Former keys, until everything is encrypted under the new key. Added by the person who rotates the key. */
  formerSealingKeys: z.array(secret.regex(/^[^,]+$/)).optional(),
  downloadSecret: secret,
  /** Ed25519, PKCS #8 PEM. */
  signingKey: privateKey,
  /** Ed25519, PKCS #8 PEM; signs checkpoints of the audit trail. */
  auditSigningKey: privateKey,
  databasePasswords: z.object({ owner: secret, app: secret, queue: secret }),
});

/** Secrets of the services. */
export type PlatformSecrets = z.output<typeof secretsSchema>;

/** Generates all secrets with the random number generator of the system. */
export function generateSecrets(): PlatformSecrets {
  return {
    serviceTokenSecret: randomHex(),
    keyPepper: randomHex(),
    initSecret: randomHex(),
    sealingKey: randomHex(),
    downloadSecret: randomHex(),
    signingKey: exportSigningKey(createSigningKey()),
    auditSigningKey: exportSigningKey(createSigningKey()),
    databasePasswords: { owner: randomHex(), app: randomHex(), queue: randomHex() },
  };
}

/**
 * Reads the secrets of the state directory; the first run generates them.
 * @throws LauncherError if the file is damaged; it is not replaced automatically, because API keys depend on it
 */
export async function loadSecrets(stateDir: string): Promise<PlatformSecrets> {
  const path = join(stateDir, 'secrets.json');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) {
    const secrets = generateSecrets();
    await writeSecrets(path, secrets);
    return secrets;
  }
  try {
    const stored: unknown = JSON.parse(text);
    const secrets = secretsSchema.parse(addMissingSecrets(stored));
    if (JSON.stringify(secrets) !== JSON.stringify(stored)) await writeSecrets(path, secrets);
    return secrets;
  } catch (error) {
    if (errorCode(error) !== undefined) throw error;
    // The message of the parser could contain a secret: omit it.
    const name = error instanceof Error ? error.name : 'error';
    throw new LauncherError(
      `${path} is damaged (${name}). Restore it from a backup, or start with --reset, which deletes all data.`,
    );
  }
}

/** Adds secrets that a state directory of an earlier version lacks. Existing secrets are never replaced. */
function addMissingSecrets(stored: unknown): unknown {
  if (typeof stored !== 'object' || stored === null) return stored;
  return {
    auditSigningKey: exportSigningKey(createSigningKey()),
    initSecret: randomHex(),
    sealingKey: randomHex(),
    ...stored,
  };
}

function writeSecrets(path: string, secrets: PlatformSecrets): Promise<void> {
  return writePrivateFile(path, `${JSON.stringify(secrets, null, 2)}\n`);
}

function randomHex(): string {
  return randomBytes(32).toString('hex');
}
