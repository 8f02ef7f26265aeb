import { createStartEnvironment } from '../start-environment.ts';
import { SERVICE_NAMES, planPorts } from './port-plan.ts';
import { generateSecrets } from './secrets.ts';
import { createServiceEnvironment, toReachableUrl, type ServiceEnvironmentOptions } from './service-environment.ts';

const secrets = { ...generateSecrets(), formerSealingKeys: ['former-1', 'former-2'] };
const input: ServiceEnvironmentOptions = {
  base: {
    PATH: '/usr/bin',
    DATABASE_URL: 'postgresql://superuser:secret@db/postgres',
    AION_KEY_PEPPER_FILE: '/run/secrets/pepper',
    OPENAI_API_KEY: 'sk-provider',
    AION_EXPORT_CONCURRENCY: '3',
  },
  ports: planPorts(18_080),
  host: '127.0.0.1',
  secrets,
  database: { databaseUrl: 'postgresql://app', migrationUrl: 'postgresql://owner', queueUrl: 'postgresql://queue' },
  redisUrl: undefined,
  objectStoreUrl: 'file:///objects',
  auditHeadsFile: '/state/audit-heads.ndjson',
  otlpEndpoint: undefined,
  modelsDir: '/models',
  logLevel: 'info',
  logFormat: 'json',
  shutdownGraceMs: 1_000,
};

function listServicesWith(predicate: (env: Record<string, string>) => boolean): string[] {
  return SERVICE_NAMES.filter((name) => predicate(createServiceEnvironment(name, input)));
}

describe('createServiceEnvironment', () => {
  it('sets the ports of the service and the URLs of the services that it calls', () => {
    expect(createServiceEnvironment('web-api', input)).toMatchObject({
      PORT: '18080',
      AION_ADMIN_PORT: '18090',
      AION_AI_ENGINE_URL: 'http://127.0.0.1:18081',
      AION_DATABASE_GATEWAY_URL: 'http://127.0.0.1:18082',
      AION_PUBLIC_URL: 'http://127.0.0.1:18080',
      PATH: '/usr/bin',
    });
  });

  it('sets the file of audit heads for the embedded database, or the configured file', () => {
    const headsFileWith = (changes: Partial<ServiceEnvironmentOptions>) =>
      createServiceEnvironment('database-gateway', { ...input, ...changes })['AION_AUDIT_HEADS_FILE'];
    expect(headsFileWith({})).toBe('/state/audit-heads.ndjson');
    expect(headsFileWith({ auditHeadsFile: undefined })).toBe('');
    expect(headsFileWith({ base: { AION_AUDIT_HEADS_FILE: '/mine' }, auditHeadsFile: undefined })).toBe('/mine');
  });

  it('contains no secret of another service or of the caller', () => {
    const servicesWithValue = (value: string) => listServicesWith((env) => Object.values(env).includes(value));
    expect(servicesWithValue(secrets.keyPepper)).toEqual(['web-api']);
    expect(servicesWithValue(secrets.initSecret)).toEqual(['web-api']);
    expect(servicesWithValue(secrets.sealingKey)).toEqual(['web-api']);
    expect(servicesWithValue('former-1,former-2')).toEqual(['web-api']);
    expect(servicesWithValue(secrets.downloadSecret)).toEqual(['web-api']);
    expect(servicesWithValue(secrets.signingKey)).toEqual(['data-export']);
    expect(servicesWithValue(secrets.auditSigningKey)).toEqual(['database-gateway']);
    expect(servicesWithValue('postgresql://owner')).toEqual(['database-gateway']);
    expect(servicesWithValue('postgresql://app')).toEqual(['database-gateway']);
    expect(servicesWithValue('postgresql://queue')).toEqual(['data-export', 'database-gateway']);
    expect(servicesWithValue('sk-provider')).toEqual(['ai-engine']);
    expect(servicesWithValue('postgresql://superuser:secret@db/postgres')).toEqual([]);
    expect(listServicesWith((env) => 'AION_KEY_PEPPER_FILE' in env)).toEqual([]);
  });

  it('passes on settings that the launcher does not set', () => {
    expect(createServiceEnvironment('data-export', input)['AION_EXPORT_CONCURRENCY']).toBe('3');
  });

  it.each(SERVICE_NAMES)('passes every OpenTelemetry variable of the launcher to %s', (name) => {
    const otel = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4319/v1/traces',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20key',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS_FILE: '/run/secrets/headers',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.5',
      OTEL_SDK_DISABLED: 'true',
      OTEL_BSP_MAX_QUEUE_SIZE: '10',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '5',
      OTEL_BSP_EXPORT_TIMEOUT: '100',
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '64',
    };
    expect(createServiceEnvironment(name, { ...input, base: { ...input.base, ...otel } })).toMatchObject(otel);
    expect(createStartEnvironment(name, otel, input.ports, input.host)).toMatchObject(otel);
  });

  it('configures one queue: Redis if its URL is given', () => {
    const env = createServiceEnvironment('data-export', { ...input, redisUrl: 'redis://127.0.0.1' });
    expect(env['REDIS_URL']).toBe('redis://127.0.0.1');
    expect(env).not.toHaveProperty('AION_QUEUE_DATABASE_URL');
  });
});

describe('toReachableUrl', () => {
  it('returns a URL that can be called when the service listens on a wildcard or IPv6 address', () => {
    expect(toReachableUrl('0.0.0.0', 80)).toBe('http://127.0.0.1:80');
    expect(toReachableUrl('::1', 80)).toBe('http://[::1]:80');
  });
});
