import { runService } from '@aion/http';
import packageJson from '../package.json' with { type: 'json' };
import { loadDataExportConfig } from './config.ts';
import { createDataExport } from './create-data-export.ts';

await runService({
  name: 'data-export',
  version: packageJson.version,
  loadConfig: loadDataExportConfig,
  create: (config, runtime) => createDataExport(config, runtime, packageJson.version),
});
