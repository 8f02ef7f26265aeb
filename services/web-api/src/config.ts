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

/** Environment variables of web-api. */
export const webApiVariables = {
  ...serviceVariables({ port: 8080, adminPort: 9464 }),
  ...inferenceLimits,
  databaseGatewayUrl,
  aiEngineUrl: variable('AION_AI_ENGINE_URL', types.url('http', 'https'), {
    description: 'Base URL of ai-engine.',
    example: 'http://127.0.0.1:8081',
    fallback: 'http://127.0.0.1:8081',
  }),
  objectStoreUrl: variable('OBJECT_STORE_URL', types.text(), {
    description: 'Object store of bundles and files, a directory or `s3://`; must be the same as for data-export.',
    example: 's3://bucket?endpoint=https://s3.example.com',
  }),
  keyPepper: variable('AION_KEY_PEPPER', types.secret(32), {
    description: 'Key of the keyed hash that stores API keys; a change makes every key invalid.',
    example: '<64 random hex digits>',
    secret: true,
  }),
  initSecret: variable('AION_INIT_SECRET', types.secret(32), {
    description:
      'One-time secret with which `aion init` creates the first operator; rejected while any operator is not revoked.',
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
    description: 'Signs download links; a change makes existing links invalid. Must be the same for all replicas.',
    example: '<64 random hex digits>',
    secret: true,
  }),
  publicUrl: optionalVariable('AION_PUBLIC_URL', types.url('http', 'https'), {
    description: 'Public address of this service, for download links. Default: its host and port.',
    example: 'https://aion.example.com',
  }),
  streamTimeoutMs: variable('AION_STREAM_TIMEOUT_MS', types.integer(100, 86_400_000), {
    description:
      'Maximum duration of a watch of an export, a download or an upload, in milliseconds; watches and downloads can be resumed.',
    example: '3600000',
    fallback: '3600000',
  }),
  maxFileBytes: variable('AION_MAX_FILE_BYTES', types.integer(1, 107_374_182_400), {
    description: 'Maximum size of an uploaded file, in bytes.',
    example: '536870912',
    fallback: '536870912',
  }),
  exportPollMs: variable('AION_EXPORT_POLL_MS', types.integer(10, 60_000), {
    description: 'Interval at which a watched export is read, in milliseconds.',
    example: '250',
    fallback: '250',
  }),
};

/** Configuration of web-api. */
export type WebApiConfig = ConfigOf<typeof webApiVariables>;

/** Loads the configuration. @throws ConfigError that lists every problem */
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
