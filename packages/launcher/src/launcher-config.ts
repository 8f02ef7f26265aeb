import {
  loadConfig,
  optionalVariable,
  tracingVariables,
  types,
  variable,
  type ConfigOf,
  type Environment,
} from '@aion/config';

/** Environment variables of the launcher; they replace the embedded defaults. */
export const launcherVariables = {
  // The same variables as the services': the demo records spans of its own.
  ...tracingVariables,
  databaseUrl: optionalVariable('DATABASE_URL', types.url('postgres', 'postgresql'), {
    description:
      'A PostgreSQL server (15 or newer) instead of the embedded one, as a role that may create roles and databases.',
    example: 'postgresql://postgres:password@127.0.0.1:5432/postgres',
    secret: true,
  }),
  redisUrl: optionalVariable('REDIS_URL', types.url('redis', 'rediss'), {
    description: 'Queues on Redis (6.2 or newer) instead of PostgreSQL.',
    example: 'redis://127.0.0.1:6379',
    secret: true,
  }),
  objectStoreUrl: optionalVariable('OBJECT_STORE_URL', types.url('file', 's3'), {
    description: 'Object store of bundles instead of a directory.',
    example: 's3://bucket?endpoint=https://s3.example.com',
  }),
  otlpEndpoint: optionalVariable('OTEL_EXPORTER_OTLP_ENDPOINT', types.url('http', 'https'), {
    description: 'An OTLP/HTTP receiver for spans instead of the span store of each process.',
    example: 'http://127.0.0.1:4318',
  }),
  logLevel: variable('LOG_LEVEL', types.oneOf(['error', 'warn', 'info', 'debug']), {
    description: 'The lowest level that is logged by the services.',
    example: 'info',
    fallback: 'info',
  }),
};

/** Configuration of the launcher. */
export type LauncherConfig = ConfigOf<typeof launcherVariables>;

/** Reads the environment. @throws ConfigError with every problem */
export function loadLauncherConfig(env: Environment): LauncherConfig {
  return loadConfig(launcherVariables, env);
}
