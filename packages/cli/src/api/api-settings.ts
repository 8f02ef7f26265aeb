import type { Route } from '@aion/contracts';
import { readNamedFile } from '../read-named-file.ts';
import { UsageError } from '../usage-error.ts';
import { readDemoFile, type DemoFile } from './demo-file.ts';

/** Kind of key that a route requires (`RouteAuth`): `tenant` accepts a tenant's key, or an operator's that names a tenant. */
export type Audience = Route['auth']['kind'];

/** Options of the command line about the API. */
export interface ApiOptions {
  readonly url?: string;
  readonly keyFile?: string;
  /** File with the secret of `aion init`. */
  readonly secretFile?: string;
  readonly tenant?: string;
  /** Seconds. */
  readonly timeout?: number;
}

/** Sources of settings that no option provides. */
export interface SettingSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  /** Prints a message for the user that is not part of the command's output. */
  readonly note: (line: string) => void;
}

/** Address of the API and the identity of its caller. */
export interface ApiSettings {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly key: string | undefined;
  readonly tenantId: string | undefined;
  readonly timeoutMs: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * Finds address and key: in the options, then in the environment, then in a demo that runs in this folder. The key of a
 * demo is sent to that demo only.
 * @throws UsageError when there is no address or no key
 */
export async function readApiSettings(
  options: ApiOptions,
  audience: Audience,
  sources: SettingSources,
): Promise<ApiSettings> {
  const { env, folder, note } = sources;
  const url = options.url ?? nonEmpty(env['AION_URL']);
  const demo = url === undefined ? await readDemoFile(folder) : undefined;
  const given = url ?? demo?.baseUrl;
  if (given === undefined) {
    throw new UsageError(
      'no address of the API: set AION_URL (http://127.0.0.1:8080 for `pnpm start`) or pass --url, or run this in the folder of a running `pnpm demo`',
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
    'no key: set AION_API_KEY or pass --key-file FILE (a key is never an argument, which other users can see)',
  );
}

async function readInitSecret({ secretFile }: ApiOptions, env: SettingSources['env']): Promise<string> {
  const secret = await readKey(secretFile, 'AION_INIT_SECRET', env);
  if (secret !== undefined) return secret;
  throw new UsageError('no secret: set AION_INIT_SECRET to the value that web-api has, or pass --secret-file FILE');
}

/** Reads a key from a file, or else from the environment. @throws UsageError when the value is not a key */
async function readKey(
  file: string | undefined,
  variable: string,
  env: SettingSources['env'],
): Promise<string | undefined> {
  const key = (file === undefined ? (env[variable] ?? '') : await readNamedFile(file)).trim();
  if (file === undefined && key === '') return undefined;
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new UsageError(`${file ?? variable} must contain one key and nothing else`);
}

function parseBaseUrl(text: string, note: SettingSources['note']): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError(
      `the address '${text}' is not a URL such as https://aion.example.com: correct --url or AION_URL`,
    );
  }
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    note(`warning: ${text} is not encrypted: anybody on the network path can read your key`);
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** Chooses the operator's key with the name of a tenant for management routes, and a tenant's own key for other routes. */
function chooseDemoKey(
  demo: DemoFile,
  audience: Audience,
  tenantId: string | undefined,
  note: SettingSources['note'],
): Pick<ApiSettings, 'key' | 'tenantId'> {
  const [first] = demo.tenants;
  const tenant = tenantId === undefined ? first : demo.tenants.find(({ id }) => id === tenantId);
  const named = tenant === undefined ? tenantId : `${tenant.id} "${tenant.name}"`;
  if (audience === 'key' && tenant !== undefined) {
    note(`note: using the demo at ${demo.baseUrl} with the key of tenant ${named}`);
    return { key: tenant.key, tenantId: undefined };
  }
  const isForTenant = audience !== 'operator' && named !== undefined;
  note(`note: using the demo at ${demo.baseUrl} as its operator${isForTenant ? ` for tenant ${named}` : ''}`);
  return { key: demo.operatorKey, tenantId: isForTenant ? (tenant?.id ?? tenantId) : undefined };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
