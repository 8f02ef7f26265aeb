import { startEnvironmentOf } from '../start-environment.ts';
import { SERVICE_NAMES, planPorts } from './port-plan.ts';
import { generateSecrets } from './secrets.ts';
import { environmentOf, urlOf, type EnvironmentInput } from './service-environment.ts';

const secrets = { ...generateSecrets(), formerSealingKeys: ['former-1', 'former-2'] };
const input: EnvironmentInput = {
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

function whoHas(predicate: (env: Record<string, string>) => boolean): string[] {
  return SERVICE_NAMES.filter((name) => predicate(environmentOf(name, input)));
}

describe("a service's environment", () => {
  it('has its own ports and the places of those that it calls', () => {
    expect(environmentOf('web-api', input)).toMatchObject({
      PORT: '18080',
      AION_ADMIN_PORT: '18090',
      AION_AI_ENGINE_URL: 'http://127.0.0.1:18081',
      AION_DATABASE_GATEWAY_URL: 'http://127.0.0.1:18082',
      AION_PUBLIC_URL: 'http://127.0.0.1:18080',
      PATH: '/usr/bin',
    });
  });

  it('has the file of audit heads, of the embedded database or of who names one', () => {
    const headsFileWith = (changes: Partial<EnvironmentInput>) =>
      environmentOf('database-gateway', { ...input, ...changes })['AION_AUDIT_HEADS_FILE'];
    expect(headsFileWith({})).toBe('/state/audit-heads.ndjson');
    expect(headsFileWith({ auditHeadsFile: undefined })).toBe('');
    expect(headsFileWith({ base: { AION_AUDIT_HEADS_FILE: '/mine' }, auditHeadsFile: undefined })).toBe('/mine');
  });

  it("holds no secret of another service, and none of the caller's", () => {
    const has = (value: string) => whoHas((env) => Object.values(env).includes(value));
    expect(has(secrets.keyPepper)).toEqual(['web-api']);
    expect(has(secrets.initSecret)).toEqual(['web-api']);
    expect(has(secrets.sealingKey)).toEqual(['web-api']);
    expect(has('former-1,former-2')).toEqual(['web-api']);
    expect(has(secrets.downloadSecret)).toEqual(['web-api']);
    expect(has(secrets.signingKey)).toEqual(['data-export']);
    expect(has(secrets.auditSigningKey)).toEqual(['database-gateway']);
    expect(has('postgresql://owner')).toEqual(['database-gateway']);
    expect(has('postgresql://app')).toEqual(['database-gateway']);
    expect(has('postgresql://queue')).toEqual(['data-export', 'database-gateway']);
    expect(has('sk-provider')).toEqual(['ai-engine']);
    expect(has('postgresql://superuser:secret@db/postgres')).toEqual([]);
    expect(whoHas((env) => 'AION_KEY_PEPPER_FILE' in env)).toEqual([]);
  });

  it('passes settings on that the launcher does not decide', () => {
    expect(environmentOf('data-export', input)['AION_EXPORT_CONCURRENCY']).toBe('3');
  });

  it.each(SERVICE_NAMES)('has every variable of OpenTelemetry that the launcher was given, in %s', (name) => {
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
    expect(environmentOf(name, { ...input, base: { ...input.base, ...otel } })).toMatchObject(otel);
    expect(startEnvironmentOf(name, otel, input.ports, input.host)).toMatchObject(otel);
  });

  it('names one queue: Redis when there is one', () => {
    const env = environmentOf('data-export', { ...input, redisUrl: 'redis://127.0.0.1' });
    expect(env['REDIS_URL']).toBe('redis://127.0.0.1');
    expect(env).not.toHaveProperty('AION_QUEUE_DATABASE_URL');
  });
});

describe('the URL of a port', () => {
  it('is one that can be called, whatever the service listens on', () => {
    expect(urlOf('0.0.0.0', 80)).toBe('http://127.0.0.1:80');
    expect(urlOf('::1', 80)).toBe('http://[::1]:80');
  });
});
