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
 * The key of the platform's operator, which the first run creates as `aion init` does and keeps in the state directory.
 * @throws LauncherError when the database has an operator whose key the state directory lacks
 */
export async function ensureOperator(options: {
  readonly stateDir: string;
  readonly baseUrl: string;
  readonly initSecret: string;
  readonly signal: AbortSignal;
}): Promise<string> {
  const { stateDir, baseUrl, initSecret, signal } = options;
  const path = join(stateDir, 'operator.json');
  const kept = await readOperator(path);
  if (kept !== undefined && (await works({ baseUrl, key: kept.key, signal }))) return kept.key;
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
      `The database has an operator already, and ${path} does not hold the key. Start with the state directory that ` +
        'belongs to this database, or with a new database.',
    );
  }
}

/** Another database than that of the last run does not know the key. */
async function works(call: { readonly baseUrl: string; readonly key: string; readonly signal: AbortSignal }) {
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
    // The parser's message could quote the key: it is not shown.
    throw new LauncherError(
      `${path} is damaged. Restore it from a copy, or start anew with --reset, which deletes all data.`,
    );
  }
}
