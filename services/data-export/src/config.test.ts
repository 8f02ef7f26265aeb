import { generateKeyPairSync } from 'node:crypto';
import { createSigningKey, exportSigningKey } from '@aion/bundle';
import { ConfigError, type Environment } from '@aion/config';
import { dataExportVariables, loadDataExportConfig } from './config.ts';

const ENVIRONMENT = {
  AION_SERVICE_TOKEN_SECRET: 's'.repeat(32),
  AION_DATABASE_GATEWAY_URL: 'http://127.0.0.1:8082',
  OBJECT_STORE_URL: '/var/lib/aion/objects',
  AION_SIGNING_KEY: exportSigningKey(createSigningKey()),
  REDIS_URL: 'redis://127.0.0.1:6379',
};

function problemsOf(env: Environment): string {
  try {
    loadDataExportConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe('loadDataExportConfig', () => {
  it('reads a complete environment and applies defaults', () => {
    const config = loadDataExportConfig(ENVIRONMENT);
    expect(config).toMatchObject({ concurrency: 2, leaseMs: 15_000, maxPartBytes: 67_108_864, adminPort: 9467 });
    expect(config.signingKey.publicKey).toMatch(/^ssh-ed25519 /);
  });

  it('requires exactly one queue', () => {
    expect(problemsOf({ ...ENVIRONMENT, REDIS_URL: undefined })).toContain('Neither AION_QUEUE_DATABASE_URL nor');
    const both = { ...ENVIRONMENT, AION_QUEUE_DATABASE_URL: 'postgresql://127.0.0.1/queue' };
    expect(problemsOf(both)).toContain('are both set');
  });

  it('rejects a key that cannot sign, and does not quote it', () => {
    const { privateKey } = generateKeyPairSync('ed448');
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const problems = problemsOf({ ...ENVIRONMENT, AION_SIGNING_KEY: pem });
    expect(problems).toContain('AION_SIGNING_KEY');
    expect(problems).toContain('ed448');
    expect(problems).not.toContain(pem.split('\n')[1]);
    expect(problemsOf({ ...ENVIRONMENT, AION_SIGNING_KEY: 'nonsense' })).toContain('PKCS #8 PEM');
  });

  it('rejects an object store with an unknown scheme', () => {
    expect(problemsOf({ ...ENVIRONMENT, OBJECT_STORE_URL: 'ftp://files' })).toContain('unknown scheme "ftp"');
  });

  it('has no public port', () => {
    expect(Object.values(dataExportVariables).map((variable) => variable.name)).not.toContain('PORT');
  });
});
