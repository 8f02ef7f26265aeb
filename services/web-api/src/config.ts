import {
  databaseGatewayUrl,
  inferenceLimits,
  loadConfig,
  optionalVariable,
  serviceVariables,
  types,
  variable,
  type ConfigOf,
  type Environment,
} from '@aion/config';

/** The variables of web-api. */
export const webApiVariables = {
  ...serviceVariables({ port: 8080, adminPort: 9464 }),
  ...inferenceLimits,
  databaseGatewayUrl,
  aiEngineUrl: variable('AION_AI_ENGINE_URL', types.url('http', 'https'), {
    description: 'Where ai-engine answers.',
    example: 'http://127.0.0.1:8081',
    fallback: 'http://127.0.0.1:8081',
  }),
  objectStoreUrl: variable('OBJECT_STORE_URL', types.text(), {
    description: 'Where bundles are kept, a directory or `s3://`; the same as for data-export.',
    example: 's3://bucket?endpoint=https://s3.example.com',
  }),
  keyPepper: variable('AION_KEY_PEPPER', types.secret(32), {
    description: 'The key of the keyed hash under which API keys are stored; a new one makes every key invalid.',
    example: '<64 random hex digits>',
    secret: true,
  }),
  initSecret: variable('AION_INIT_SECRET', types.secret(32), {
    description:
      'The one-time secret by which `aion init` creates the first operator; of no use while one is not revoked.',
    example: '<64 random hex digits>',
    secret: true,
  }),
  encryptionKey: variable('AION_SEALING_KEY', types.secret(32), {
    description: 'Encrypts the stored credentials of providers and the stored secrets that are shown once.',
    example: '<64 random hex digits>',
    secret: true,
  }),
  formerEncryptionKeys: variable('AION_FORMER_SEALING_KEYS', types.list(), {
    description: 'Former encryption keys, separated by commas, until `aion keys rotate` has re-encrypted everything.',
    example: '<64 random hex digits>',
    fallback: '',
    secret: true,
  }),
  downloadSecret: variable('AION_DOWNLOAD_SECRET', types.secret(32), {
    description: 'Signs download links; a new one makes links that were handed out invalid. The same for all replicas.',
    example: '<64 random hex digits>',
    secret: true,
  }),
  publicUrl: optionalVariable('AION_PUBLIC_URL', types.url('http', 'https'), {
    description: 'The address under which callers reach this service, for download links; else its host and port.',
    example: 'https://aion.example.com',
  }),
  streamTimeoutMs: variable('AION_STREAM_TIMEOUT_MS', types.integer(100, 86_400_000), {
    description:
      'How long one watch of an export, one download or one upload may take, in milliseconds; watches and downloads can be resumed.',
    example: '3600000',
    fallback: '3600000',
  }),
  maxFileBytes: variable('AION_MAX_FILE_BYTES', types.integer(1, 107_374_182_400), {
    description: 'The largest file that may be uploaded, in bytes.',
    example: '536870912',
    fallback: '536870912',
  }),
  exportPollMs: variable('AION_EXPORT_POLL_MS', types.integer(10, 60_000), {
    description: 'How often a watched export is looked at, in milliseconds.',
    example: '250',
    fallback: '250',
  }),
};

/** The configuration of web-api. */
export type WebApiConfig = ConfigOf<typeof webApiVariables>;

/** Reads the configuration. @throws ConfigError with every problem */
export function loadWebApiConfig(env: Environment): WebApiConfig {
  return loadConfig(webApiVariables, env, (config) => {
    const { keyPepper, initSecret, downloadSecret, encryptionKey, serviceTokenSecret } = config;
    const secrets = [keyPepper, initSecret, downloadSecret, encryptionKey, serviceTokenSecret];
    if (new Set(secrets).size === secrets.length) return [];
    return [
      'AION_KEY_PEPPER, AION_INIT_SECRET, AION_DOWNLOAD_SECRET, AION_SEALING_KEY and AION_SERVICE_TOKEN_SECRET must ' +
        'all be different.',
    ];
  });
}
