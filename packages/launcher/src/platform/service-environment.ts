import { pathToFileURL } from 'node:url';
import type { Environment } from '@aion/config';
import type { ServiceName } from '@aion/contracts';
import type { PortPlan } from './port-plan.ts';
import type { PlatformSecrets } from './secrets.ts';

/** Options of {@link createServiceEnvironment}. */
export interface ServiceEnvironmentOptions {
  /** Environment of the launcher; services inherit the variables that the launcher does not set itself. */
  readonly base: Environment;
  readonly ports: PortPlan;
  readonly host: string;
  readonly secrets: PlatformSecrets;
  readonly database: { readonly databaseUrl: string; readonly migrationUrl: string; readonly queueUrl: string };
  readonly redisUrl: string | undefined;
  readonly objectStoreUrl: string;
  /** File of audit heads for the embedded database: a file belongs to one database. */
  readonly auditHeadsFile: string | undefined;
  readonly otlpEndpoint: string | undefined;
  readonly modelsDir: string;
  readonly logLevel: string;
  readonly logFormat: 'json' | 'pretty';
  readonly shutdownGraceMs: number;
}

/** Variables that the launcher sets: services must not inherit their values, nor the `_FILE` variants. */
const NOT_INHERITED = [
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
const PROVIDER_VARIABLE = /^(OPENAI|ANTHROPIC)_/;

/** Creates the environment of one service; it contains no secrets of other services. */
export function createServiceEnvironment(
  service: ServiceName,
  input: ServiceEnvironmentOptions,
): Record<string, string> {
  return {
    ...inheritEnvironment(service, input.base),
    ...commonVariables(service, input),
    ...(service === 'web-api' ? webApiVariables(input) : {}),
    ...(service === 'ai-engine' ? { ...gatewayVariables(input), AION_MODELS_DIR: input.modelsDir } : {}),
    ...(service === 'database-gateway' ? databaseGatewayVariables(input) : {}),
    ...(service === 'data-export' ? dataExportVariables(input) : {}),
  };
}

/** Returns the variables of the launcher's environment that a service inherits. */
export function inheritEnvironment(service: ServiceName | undefined, base: Environment): Record<string, string> {
  const dropped = new Set(NOT_INHERITED.flatMap((name) => [name, `${name}_FILE`]));
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) {
    if (value === undefined || dropped.has(name)) continue;
    if (PROVIDER_VARIABLE.test(name) && service !== 'ai-engine') continue;
    environment[name] = value;
  }
  return environment;
}

/** Returns the URL by which processes of this machine reach a port; a wildcard address becomes loopback. */
export function toReachableUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/** Converts a directory to an object store URL. */
export function toObjectStoreUrl(directory: string): string {
  return pathToFileURL(directory).href;
}

/** Returns the base URLs of the admin ports. */
export function toAdminUrls(ports: PortPlan, host: string): Record<ServiceName, string> {
  const urlOf = (name: ServiceName): string => toReachableUrl(host, ports[name].adminPort);
  return {
    'web-api': urlOf('web-api'),
    'ai-engine': urlOf('ai-engine'),
    'database-gateway': urlOf('database-gateway'),
    'data-export': urlOf('data-export'),
  };
}

function commonVariables(service: ServiceName, input: ServiceEnvironmentOptions): Record<string, string> {
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

function webApiVariables(input: ServiceEnvironmentOptions): Record<string, string> {
  const { base, secrets, ports, host } = input;
  return {
    ...gatewayVariables(input),
    AION_AI_ENGINE_URL: toReachableUrl(host, ports['ai-engine'].port),
    AION_PUBLIC_URL: base['AION_PUBLIC_URL'] ?? toReachableUrl(host, ports['web-api'].port),
    OBJECT_STORE_URL: input.objectStoreUrl,
    AION_KEY_PEPPER: secrets.keyPepper,
    AION_INIT_SECRET: secrets.initSecret,
    AION_SEALING_KEY: secrets.sealingKey,
    AION_FORMER_SEALING_KEYS: (secrets.formerSealingKeys ?? []).join(','),
    AION_DOWNLOAD_SECRET: secrets.downloadSecret,
  };
}

function databaseGatewayVariables(input: ServiceEnvironmentOptions): Record<string, string> {
  return {
    DATABASE_URL: input.database.databaseUrl,
    AION_MIGRATION_DATABASE_URL: input.database.migrationUrl,
    AION_AUDIT_SIGNING_KEY: input.secrets.auditSigningKey,
    AION_AUDIT_HEADS_FILE: input.base['AION_AUDIT_HEADS_FILE'] ?? input.auditHeadsFile ?? '',
    ...queueVariables(input),
  };
}

function dataExportVariables(input: ServiceEnvironmentOptions): Record<string, string> {
  return {
    ...gatewayVariables(input),
    OBJECT_STORE_URL: input.objectStoreUrl,
    AION_SIGNING_KEY: input.secrets.signingKey,
    ...queueVariables(input),
  };
}

function queueVariables({ redisUrl, database }: ServiceEnvironmentOptions): Record<string, string> {
  return redisUrl === undefined ? { AION_QUEUE_DATABASE_URL: database.queueUrl } : { REDIS_URL: redisUrl };
}

function gatewayVariables({ ports, host }: Pick<ServiceEnvironmentOptions, 'ports' | 'host'>): Record<string, string> {
  return { AION_DATABASE_GATEWAY_URL: toReachableUrl(host, ports['database-gateway'].port) };
}
