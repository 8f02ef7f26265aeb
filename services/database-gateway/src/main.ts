import { runService } from '@aion/http';
import packageJson from '../package.json' with { type: 'json' };
import { loadDatabaseGatewayConfig } from './config.ts';
import { createDatabaseGateway } from './create-database-gateway.ts';

await runService({
  name: 'database-gateway',
  version: packageJson.version,
  loadConfig: loadDatabaseGatewayConfig,
  create: createDatabaseGateway,
});
