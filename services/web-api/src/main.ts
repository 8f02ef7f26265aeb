import { runService } from '@aion/http';
import manifest from '../package.json' with { type: 'json' };
import { loadWebApiConfig } from './config.ts';
import { createWebApi } from './create-web-api.ts';

await runService({
  name: 'web-api',
  version: manifest.version,
  loadConfig: loadWebApiConfig,
  create: (config, runtime) => createWebApi(config, runtime, manifest.version),
});
