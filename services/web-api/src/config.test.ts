import { ConfigError } from '@aion/config';
import { loadWebApiConfig } from './config.ts';

const secret = (letter: string) => letter.repeat(32);
const ENVIRONMENT = {
  OBJECT_STORE_URL: 'file:///var/lib/aion/objects',
  AION_SERVICE_TOKEN_SECRET: secret('a'),
  AION_KEY_PEPPER: secret('b'),
  AION_INIT_SECRET: secret('c'),
  AION_DOWNLOAD_SECRET: secret('d'),
  AION_SEALING_KEY: secret('e'),
};

describe('loadWebApiConfig', () => {
  it('has defaults for all variables except secrets and the object store', () => {
    expect(loadWebApiConfig(ENVIRONMENT)).toMatchObject({
      port: 8080,
      adminPort: 9464,
      maxBodyBytes: 4_194_304,
      requestTimeoutMs: 120_000,
      exportPollMs: 250,
    });
  });

  it('lists every missing variable', () => {
    expect(() => loadWebApiConfig({})).toThrow(
      /OBJECT_STORE_URL[^]*AION_KEY_PEPPER[^]*AION_INIT_SECRET[^]*AION_DOWNLOAD_SECRET/,
    );
  });

  it('rejects a secret that is used for two purposes', () => {
    expect(() => loadWebApiConfig({ ...ENVIRONMENT, AION_DOWNLOAD_SECRET: secret('b') })).toThrow(ConfigError);
  });
});
