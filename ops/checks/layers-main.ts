import { checkLayers } from './check-layers.ts';

const { modules, violations } = await checkLayers(process.cwd());
for (const violation of violations) process.stderr.write(`${violation}\n`);
process.stdout.write(`Layers: ${modules} modules, ${violations.length} violations.\n`);
process.exitCode = violations.length === 0 ? 0 : 1;
