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
  /** Those of before, until everything is sealed anew. A person who rotates the key adds them here. */
  formerSealingKeys: z.array(secret.regex(/^[^,]+$/)).optional(),
  downloadSecret: secret,
  /** Ed25519, PKCS #8 PEM. */
  signingKey: privateKey,
  /** Likewise; signs checkpoints of the audit trail. */
  auditSigningKey: privateKey,
  databasePasswords: z.object({ owner: secret, app: secret, queue: secret }),
});

/** What the services are configured with and nobody else knows. */
export type PlatformSecrets = z.output<typeof secretsSchema>;

const hex = () => randomBytes(32).toString('hex');

/** Makes all secrets from the system's random generator. */
export function generateSecrets(): PlatformSecrets {
  return {
    serviceTokenSecret: hex(),
    keyPepper: hex(),
    initSecret: hex(),
    sealingKey: hex(),
    downloadSecret: hex(),
    signingKey: exportSigningKey(createSigningKey()),
    auditSigningKey: exportSigningKey(createSigningKey()),
    databasePasswords: { owner: hex(), app: hex(), queue: hex() },
  };
}

/** A state directory of an earlier version lacks the secrets that came later. No other is ever made anew. */
function addLaterSecrets(stored: unknown): unknown {
  if (typeof stored !== 'object' || stored === null) return stored;
  return { auditSigningKey: exportSigningKey(createSigningKey()), initSecret: hex(), sealingKey: hex(), ...stored };
}

function writeSecrets(path: string, secrets: PlatformSecrets): Promise<void> {
  return writePrivateFile(path, `${JSON.stringify(secrets, null, 2)}\n`);
}

/**
 * Reads the state directory's secrets; the first run makes them.
 * @throws LauncherError when the file is there but damaged; it is never replaced unasked, for keys depend on it.
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
    const secrets = secretsSchema.parse(addLaterSecrets(stored));
    if (JSON.stringify(secrets) !== JSON.stringify(stored)) await writeSecrets(path, secrets);
    return secrets;
  } catch (error) {
    if (errorCode(error) !== undefined) throw error;
    // The parser's message could quote a secret: it is not shown.
    const name = error instanceof Error ? error.name : 'error';
    throw new LauncherError(
      `${path} is damaged (${name}). Restore it from a copy, or start anew with --reset, which deletes all data.`,
    );
  }
}
