import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from '@aion/client';
import { callRoute, fetchRoute } from '@aion/client/traced';
import { routes } from '@aion/contracts';
import { errorCode } from '@aion/errors';
import { z } from 'zod';
import { LauncherError } from './launcher-error.ts';
import { writePrivateFile } from './private-file.ts';

const operatorSchema = z.object({ id: z.string(), key: z.string().min(32) });

/**
 * Returns the key of the operator of the platform. The first run creates it, like `aion init`, and stores it in the state
 * directory.
 * @throws LauncherError if the database has an operator and the state directory does not contain its key
 */
export async function ensureOperator(options: {
  readonly stateDir: string;
  readonly baseUrl: string;
  readonly initSecret: string;
  readonly signal: AbortSignal;
}): Promise<string> {
  const { stateDir, baseUrl, initSecret, signal } = options;
  const path = join(stateDir, 'operator.json');
  const stored = await readOperator(path);
  if (stored !== undefined && (await isKeyValid({ baseUrl, key: stored.key, signal }))) return stored.key;
  try {
    const { id, key } = await callRoute(routes.operators.init, {
      baseUrl,
      key: initSecret,
      body: { name: 'First operator' },
      signal,
    });
    await writePrivateFile(path, `${JSON.stringify({ id, key }, null, 2)}\n`);
    return key;
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409)) throw error;
    throw new LauncherError(
      `The database already has an operator, and ${path} does not contain its key. Start with the state directory that ` +
        'belongs to this database, or with a new database.',
    );
  }
}

/** Reports whether the key is valid: the database may differ from that of the last run. */
async function isKeyValid(call: { readonly baseUrl: string; readonly key: string; readonly signal: AbortSignal }) {
  try {
    await fetchRoute(routes.tenants.list, call);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return false;
    throw error;
  }
}

async function readOperator(path: string): Promise<z.output<typeof operatorSchema> | undefined> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return operatorSchema.parse(JSON.parse(text));
  } catch {
    // The message of the parser could contain the key: omit it.
    throw new LauncherError(
      `${path} is damaged. Restore it from a backup, or start with --reset, which deletes all data.`,
    );
  }
}
