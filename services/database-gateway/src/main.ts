import { setFlagsFromString } from 'node:v8';
import packageJson from '../package.json' with { type: 'json' };

// Set before any other module is loaded: the heap then grows with live objects, not with garbage. Under load the service
// needs a third of the memory, at the cost of some speed.
setFlagsFromString('--optimize-for-size');

const { runService } = await import('@aion/http');
const { loadDatabaseGatewayConfig } = await import('./config.ts');
const { createDatabaseGateway } = await import('./create-database-gateway.ts');

await runService({
  name: 'database-gateway',
  version: packageJson.version,
  loadConfig: loadDatabaseGatewayConfig,
  create: createDatabaseGateway,
});
