import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { configTable, type Variables } from '@aion/config';
import { createOpenApiDocument } from '@aion/contracts';
import { format, resolveConfig } from 'prettier';
import { aiEngineVariables } from '../../services/ai-engine/src/config.ts';
import { dataExportVariables } from '../../services/data-export/src/config.ts';
import { databaseGatewayVariables } from '../../services/database-gateway/src/config.ts';
import { webApiVariables } from '../../services/web-api/src/config.ts';
import { DATA_ALERTS } from '../alerts/data-alerts.ts';
import { createAlertRules } from './alert-rules.ts';
import { createApiReference } from './api-reference.ts';
import { createCliReference } from './cli-reference.ts';
import { createDataMapDocument } from './data-map-document.ts';
import { createEnvironmentExample } from './environment-example.ts';
import { createQueryNames } from './query-names.ts';
import { createCatalogueJson, createMetricTables } from './metric-tables.ts';
import { replaceSection } from './replace-section.ts';

const services: readonly { name: string; variables: Variables }[] = [
  { name: 'web-api', variables: webApiVariables },
  { name: 'ai-engine', variables: aiEngineVariables },
  { name: 'database-gateway', variables: databaseGatewayVariables },
  { name: 'data-export', variables: dataExportVariables },
];

/** Generates every file; returns texts by path. */
async function generate(): Promise<ReadonlyMap<string, string>> {
  const files = new Map([
    ['docs/openapi.json', `${JSON.stringify(createOpenApiDocument('0.1.0'), null, 2)}\n`],
    ['docs/API.md', createApiReference()],
    ['docs/DATA-MAP.md', createDataMapDocument()],
    ['deploy/production.env.example', createEnvironmentExample(services)],
    ['services/database-gateway/src/database/query-names.ts', createQueryNames()],
    ['ops/telemetry/catalogue.json', createCatalogueJson()],
    ['ops/prometheus/rules/aion-data.yml', createAlertRules('aion-data', DATA_ALERTS)],
    ['docs/CLI.md', replaceSection(readFileSync('docs/CLI.md', 'utf8'), 'commands', createCliReference())],
    ['docs/MONITORING.md', replaceSection(readFileSync('docs/MONITORING.md', 'utf8'), 'metrics', createMetricTables())],
  ]);
  for (const { name, variables } of services) {
    const path = `services/${name}/README.md`;
    files.set(path, replaceSection(readFileSync(path, 'utf8'), 'config', configTable(variables)));
  }
  for (const [path, text] of files) {
    if (/\.(md|yml)$|catalogue\.json$/.test(path))
      files.set(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
  }
  return files;
}

const check = process.argv.includes('--check');
const stale: string[] = [];
for (const [path, text] of await generate()) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  stale.push(path);
  if (!check) writeFileSync(path, text);
}
if (stale.length === 0) process.stdout.write('Generated files are up to date.\n');
else if (check) process.stderr.write(`Generated files are stale: ${stale.join(', ')}. Run: pnpm generate\n`);
else process.stdout.write(`Wrote ${stale.join(', ')}.\n`);
process.exitCode = check && stale.length > 0 ? 1 : 0;
