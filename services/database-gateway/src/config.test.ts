import { loadDatabaseGatewayConfig } from './config.ts';

const ENVIRONMENT = {
  AION_SERVICE_TOKEN_SECRET: 'x'.repeat(32),
  DATABASE_URL: 'postgresql://aion_app:a@127.0.0.1/aion',
  AION_MIGRATION_DATABASE_URL: 'postgresql://aion_owner:b@127.0.0.1/aion',
};
const QUEUE = { AION_QUEUE_DATABASE_URL: 'postgresql://aion_queue:c@127.0.0.1/queue' };
const REDIS = { REDIS_URL: 'redis://127.0.0.1:6379' };

describe('the configuration', () => {
  it('needs nothing but its URLs and the secret', () => {
    expect(loadDatabaseGatewayConfig({ ...ENVIRONMENT, ...QUEUE })).toMatchObject({ port: 8082, storeContent: true });
    expect(loadDatabaseGatewayConfig({ ...ENVIRONMENT, ...REDIS })).toMatchObject({ redisUrl: REDIS.REDIS_URL });
  });

  it.each([
    [{}, 'Neither AION_QUEUE_DATABASE_URL nor REDIS_URL is set'],
    [{ ...QUEUE, ...REDIS }, 'AION_QUEUE_DATABASE_URL and REDIS_URL are both set'],
    [{ ...REDIS, DATABASE_URL: 'mysql://x' }, 'must be a URL that starts with postgres://'],
    [{ ...REDIS, AION_DATABASE_POOL_SIZE: '0' }, 'AION_DATABASE_POOL_SIZE is "0"'],
  ])('refuses %j with a sentence that helps', (env, sentence) => {
    expect(() => loadDatabaseGatewayConfig({ ...ENVIRONMENT, ...env })).toThrow(sentence);
  });
});
