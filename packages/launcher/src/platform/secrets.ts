import { randomBytes, randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSigningKey, exportSigningKey } from '@aion/bundle';
import { z } from 'zod';
import { errorCode, LauncherError } from './launcher-error.ts';
import { writePrivateFile } from './private-file.ts';

const secret = z.string().min(32);
const secretsSchema = z.object({
  serviceTokenSecret: secret,
  keyPepper: secret,
  operatorKey: secret,
  downloadSecret: secret,
  /** Ed25519, PKCS #8 PEM. */
  signingKey: z.string().startsWith('-----BEGIN PRIVATE KEY-----'),
  databasePasswords: z.object({ owner: secret, app: secret, queue: secret }),
});

/** What the services are configured with and nobody else knows. */
export type PlatformSecrets = z.output<typeof secretsSchema>;

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Makes all secrets from the system's random generator. */
export function generateSecrets(): PlatformSecrets {
  const hex = () => randomBytes(32).toString('hex');
  return {
    serviceTokenSecret: hex(),
    keyPepper: hex(),
    operatorKey: `aion_op_${Array.from({ length: 40 }, () => BASE62[randomInt(BASE62.length)]).join('')}`,
    downloadSecret: hex(),
    signingKey: exportSigningKey(createSigningKey()),
    databasePasswords: { owner: hex(), app: hex(), queue: hex() },
  };
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
    await writePrivateFile(path, `${JSON.stringify(secrets, null, 2)}\n`);
    return secrets;
  }
  try {
    return secretsSchema.parse(JSON.parse(text));
  } catch (error) {
    // The parser's message could quote a secret: it is not shown.
    const name = error instanceof Error ? error.name : 'error';
    throw new LauncherError(
      `${path} is damaged (${name}). Restore it from a copy, or start anew with --reset, which deletes all data.`,
    );
  }
}
