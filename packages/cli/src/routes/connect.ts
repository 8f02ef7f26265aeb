import type { Route } from '@aion/contracts';
import { createApiClient, type ApiClient } from '../api/api-client.ts';
import { readApiSettings, type ApiOptions } from '../api/api-settings.ts';

/** Writes a line for the person, never into the command's output. */
export const note = (line: string): void => void process.stderr.write(`${line}\n`);

/** The folder that the person stands in: pnpm runs scripts in the checkout's, and keeps the caller's in INIT_CWD. */
export function callerFolder(): string {
  return process.env['INIT_CWD'] ?? process.cwd();
}

/** Connects to the API as the options of a command say. @throws UsageError */
export async function connect(options: ApiOptions, route: Pick<Route, 'auth'>): Promise<ApiClient> {
  const surroundings = { env: process.env, folder: callerFolder(), note };
  const { auth } = route;
  // Where no tenant is named, the operator means the platform itself.
  const isPlatform = auth.kind === 'tenant' && auth.orPlatform === true && options.tenant === undefined;
  return createApiClient(await readApiSettings(options, isPlatform ? 'operator' : auth.kind, surroundings), note);
}
