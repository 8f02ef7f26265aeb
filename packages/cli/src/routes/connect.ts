import type { Route } from '@aion/contracts';
import { createApiClient, type ApiClient } from '../api/api-client.ts';
import { readApiSettings, type ApiOptions } from '../api/api-settings.ts';

/** Prints a line for the user to standard error, outside of the command's output. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Returns the folder of the user: pnpm runs scripts in that of the checkout and passes the user's as INIT_CWD. */
export function getCallerFolder(): string {
  return process.env['INIT_CWD'] ?? process.cwd();
}

/** Creates a client from the options of a command. @throws UsageError when address or key are missing or invalid */
export async function connect(options: ApiOptions, route: Pick<Route, 'auth'>): Promise<ApiClient> {
  const sources = { env: process.env, folder: getCallerFolder(), note };
  const { auth } = route;
  // Without a tenant, the operator addresses the platform itself.
  const isPlatform = auth.kind === 'tenant' && auth.orPlatform === true && options.tenant === undefined;
  return createApiClient(await readApiSettings(options, isPlatform ? 'operator' : auth.kind, sources), note);
}
