import { pathToFileURL } from 'node:url';
import type { Environment } from '@aion/config';
import type { ServiceName } from '@aion/contracts';
import type { PortPlan } from './port-plan.ts';
import type { PlatformSecrets } from './secrets.ts';

/** What all services are configured from. */
export interface EnvironmentInput {
  /** The launcher's own environment: what it does not decide itself is passed on. */
  readonly base: Environment;
  readonly ports: PortPlan;
  readonly host: string;
  readonly secrets: PlatformSecrets;
  readonly database: { readonly databaseUrl: string; readonly migrationUrl: string; readonly queueUrl: string };
  readonly redisUrl: string | undefined;
  readonly objectStoreUrl: string;
  /** Of the embedded database: a file knows the chains of one database only. */
  readonly auditHeadsFile: string | undefined;
  readonly otlpEndpoint: string | undefined;
  readonly modelsDir: string;
  readonly logLevel: string;
  readonly logFormat: 'json' | 'pretty';
  readonly shutdownGraceMs: number;
}

/** Decided by the launcher for each service: the caller's values, and their files, must not reach them. */
const DECIDED = [
  'PORT',
  'DATABASE_URL',
  'REDIS_URL',
  'OBJECT_STORE_URL',
  'AION_ADMIN_PORT',
  'AION_SERVICE_TOKEN_SECRET',
  'AION_KEY_PEPPER',
  'AION_INIT_SECRET',
  'AION_SEALING_KEY',
  'AION_FORMER_SEALING_KEYS',
  'AION_DOWNLOAD_SECRET',
  'AION_SIGNING_KEY',
  'AION_AUDIT_SIGNING_KEY',
  'AION_MIGRATION_DATABASE_URL',
  'AION_QUEUE_DATABASE_URL',
];
/** Credentials of model providers, which only ai-engine needs. */
const PROVIDER = /^(OPENAI|ANTHROPIC)_/;

/** The environment of one service: it gets what it needs and no other service's secrets. */
export function environmentOf(service: ServiceName, input: EnvironmentInput): Record<string, string> {
  return {
    ...inherited(service, input.base),
    ...common(service, input),
    ...(service === 'web-api' ? webApi(input) : {}),
    ...(service === 'ai-engine' ? { ...gatewayUrl(input), AION_MODELS_DIR: input.modelsDir } : {}),
    ...(service === 'database-gateway' ? databaseGateway(input) : {}),
    ...(service === 'data-export' ? dataExport(input) : {}),
  };
}

/** The caller's environment without what the launcher decides. */
export function inherited(service: ServiceName | undefined, base: Environment): Record<string, string> {
  const dropped = new Set(DECIDED.flatMap((name) => [name, `${name}_FILE`]));
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) {
    if (value === undefined || dropped.has(name)) continue;
    if (PROVIDER.test(name) && service !== 'ai-engine') continue;
    kept[name] = value;
  }
  return kept;
}

function common(service: ServiceName, input: EnvironmentInput): Record<string, string> {
  const { port, adminPort } = input.ports[service];
  return {
    PORT: String(port),
    AION_ADMIN_PORT: String(adminPort),
    AION_HOST: input.host,
    AION_ENVIRONMENT: 'development',
    AION_SERVICE_TOKEN_SECRET: input.secrets.serviceTokenSecret,
    AION_SHUTDOWN_GRACE_MS: String(input.shutdownGraceMs),
    LOG_LEVEL: input.logLevel,
    AION_LOG_FORMAT: input.logFormat,
    ...(input.otlpEndpoint === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: input.otlpEndpoint }),
  };
}

function webApi({ secrets, ports, host, objectStoreUrl, ...rest }: EnvironmentInput): Record<string, string> {
  return {
    ...gatewayUrl({ ports, host }),
    AION_AI_ENGINE_URL: urlOf(host, ports['ai-engine'].port),
    AION_PUBLIC_URL: rest.base['AION_PUBLIC_URL'] ?? urlOf(host, ports['web-api'].port),
    OBJECT_STORE_URL: objectStoreUrl,
    AION_KEY_PEPPER: secrets.keyPepper,
    AION_INIT_SECRET: secrets.initSecret,
    AION_SEALING_KEY: secrets.sealingKey,
    AION_FORMER_SEALING_KEYS: (secrets.formerSealingKeys ?? []).join(','),
    AION_DOWNLOAD_SECRET: secrets.downloadSecret,
  };
}

function databaseGateway(input: EnvironmentInput): Record<string, string> {
  return {
    DATABASE_URL: input.database.databaseUrl,
    AION_MIGRATION_DATABASE_URL: input.database.migrationUrl,
    AION_AUDIT_SIGNING_KEY: input.secrets.auditSigningKey,
    AION_AUDIT_HEADS_FILE: input.base['AION_AUDIT_HEADS_FILE'] ?? input.auditHeadsFile ?? '',
    ...queue(input),
  };
}

function dataExport(input: EnvironmentInput): Record<string, string> {
  return {
    ...gatewayUrl(input),
    OBJECT_STORE_URL: input.objectStoreUrl,
    AION_SIGNING_KEY: input.secrets.signingKey,
    ...queue(input),
  };
}

function queue({ redisUrl, database }: EnvironmentInput): Record<string, string> {
  return redisUrl === undefined ? { AION_QUEUE_DATABASE_URL: database.queueUrl } : { REDIS_URL: redisUrl };
}

function gatewayUrl({ ports, host }: Pick<EnvironmentInput, 'ports' | 'host'>): Record<string, string> {
  return { AION_DATABASE_GATEWAY_URL: urlOf(host, ports['database-gateway'].port) };
}

/** The URL by which processes of this machine reach a port: an address that means "all of them" becomes loopback. */
export function urlOf(host: string, port: number): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/** The object store's URL for a directory. */
export function objectsUrl(directory: string): string {
  return pathToFileURL(directory).href;
}

/** Base URLs of the admin ports. */
export function adminUrlsOf(ports: PortPlan, host: string): Record<ServiceName, string> {
  const of = (name: ServiceName): string => urlOf(host, ports[name].adminPort);
  return {
    'web-api': of('web-api'),
    'ai-engine': of('ai-engine'),
    'database-gateway': of('database-gateway'),
    'data-export': of('data-export'),
  };
}
