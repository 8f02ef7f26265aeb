import { resolve } from 'node:path';
import { parseDemoOptions } from './demo/demo-options.ts';
import { runDemo } from './demo/run-demo.ts';
import { createTerminal } from './demo/terminal.ts';
import { loadLauncherConfig } from './launcher-config.ts';
import { runMain } from './run-main.ts';

await runMain(async (signals) => {
  const checkoutDir = resolve(import.meta.dirname, '../../..');
  // pnpm runs scripts in the package's directory; INIT_CWD contains the caller's directory.
  const callerDir = process.env['INIT_CWD'] ?? process.cwd();
  const options = parseDemoOptions(process.argv.slice(2), { callerDir, checkoutDir });
  if (options === undefined) return 0;
  const config = loadLauncherConfig(process.env);
  const terminal = createTerminal(process.stdout);
  return runDemo({ checkoutDir, options, config, env: process.env, terminal, signals });
});
