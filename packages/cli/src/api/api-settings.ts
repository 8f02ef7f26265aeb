import type { Route } from '@aion/contracts';
import { readNamedFile } from '../key-files.ts';
import { UsageError } from '../usage-error.ts';
import { readDemoFile, type DemoFile } from './demo-file.ts';

/** Whose key a route wants (`RouteAuth`): `tenant` takes a tenant's, or the operator's with the name of a tenant. */
export type Audience = Route['auth']['kind'];

/** What the command line says about the API. */
export interface ApiOptions {
  readonly url?: string;
  readonly keyFile?: string;
  /** Holds the secret of `aion init`. */
  readonly secretFile?: string;
  readonly tenant?: string;
  /** Seconds. */
  readonly timeout?: number;
}

/** Where the command line looks for what no option says. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  /** Tells the person something that is not the command's output. */
  readonly note: (line: string) => void;
}

/** How the API is reached. */
export interface ApiSettings {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly key: string | undefined;
  readonly tenantId: string | undefined;
  readonly timeoutMs: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * Finds address and key: options, then the environment, then a demo that runs in this folder. A key is never sent to an
 * address that it does not belong to: a demo's key goes to the demo only.
 * @throws UsageError when there is no address or no key, saying how to give one
 */
export async function readApiSettings(
  options: ApiOptions,
  audience: Audience,
  surroundings: Surroundings,
): Promise<ApiSettings> {
  const { env, folder, note } = surroundings;
  const url = options.url ?? nonEmpty(env['AION_URL']);
  const demo = url === undefined ? await readDemoFile(folder) : undefined;
  const given = url ?? demo?.baseUrl;
  if (given === undefined) {
    throw new UsageError(
      'no address of the API: set AION_URL (http://127.0.0.1:8080 where `pnpm start` runs) or give --url, or stand in the folder of a running `pnpm demo`',
    );
  }
  const baseUrl = parseBaseUrl(given, note);
  const common = { baseUrl, timeoutMs: options.timeout === undefined ? DEFAULT_TIMEOUT_MS : options.timeout * 1_000 };
  if (audience === 'init') return { ...common, key: await readInitSecret(options, env), tenantId: undefined };
  if (audience === 'none' || audience === 'signed-url') return { ...common, key: undefined, tenantId: undefined };
  const key = await readKey(options.keyFile, 'AION_API_KEY', env);
  if (key !== undefined) return { ...common, key, tenantId: audience === 'operator' ? undefined : options.tenant };
  if (demo !== undefined) return { ...common, ...chooseDemoKey(demo, audience, options.tenant, note) };
  throw new UsageError(
    'no key: set AION_API_KEY or give --key-file FILE (a key is never an argument, which others can see)',
  );
}

async function readInitSecret({ secretFile }: ApiOptions, env: Surroundings['env']): Promise<string> {
  const secret = await readKey(secretFile, 'AION_INIT_SECRET', env);
  if (secret !== undefined) return secret;
  throw new UsageError('no secret: set AION_INIT_SECRET as it is set for web-api, or give --secret-file FILE');
}

/** A key from a file or else from the environment. @throws UsageError for what cannot be one */
async function readKey(
  file: string | undefined,
  variable: string,
  env: Surroundings['env'],
): Promise<string | undefined> {
  const key = (file === undefined ? (env[variable] ?? '') : await readNamedFile(file)).trim();
  if (file === undefined && key === '') return undefined;
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new UsageError(`${file ?? variable} does not hold one key and nothing else`);
}

function parseBaseUrl(text: string, note: Surroundings['note']): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError(`the address '${text}' is no URL such as https://aion.example.com: mend --url or AION_URL`);
  }
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    note(`warning: ${text} is not encrypted: whoever is on the way can read your key`);
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** The operator may do everything with management routes and names the tenant; other routes want a tenant's own key. */
function chooseDemoKey(
  demo: DemoFile,
  audience: Audience,
  tenantId: string | undefined,
  note: Surroundings['note'],
): Pick<ApiSettings, 'key' | 'tenantId'> {
  const [first] = demo.tenants;
  const tenant = tenantId === undefined ? first : demo.tenants.find(({ id }) => id === tenantId);
  const named = tenant === undefined ? tenantId : `${tenant.id} "${tenant.name}"`;
  if (audience === 'key' && tenant !== undefined) {
    note(`note: the demo at ${demo.baseUrl}, with the key of tenant ${named}`);
    return { key: tenant.key, tenantId: undefined };
  }
  const isForTenant = audience !== 'operator' && named !== undefined;
  note(`note: the demo at ${demo.baseUrl}, as its operator${isForTenant ? ` for tenant ${named}` : ''}`);
  return { key: demo.operatorKey, tenantId: isForTenant ? (tenant?.id ?? tenantId) : undefined };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
