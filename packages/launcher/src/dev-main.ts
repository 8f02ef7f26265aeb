import { join, resolve } from 'node:path';
import { errorMessage } from '@aion/errors';
import { Command } from 'commander';
import { loadLauncherConfig } from './launcher-config.ts';
import { planPorts } from './platform/port-plan.ts';
import { startPlatform } from './platform/start-platform.ts';
import { createPrefixedOutput } from './prefixed-output.ts';
import { runMain } from './run-main.ts';
import { watchSources } from './watch-sources.ts';

// The platform on its embedded defaults, its logs on the terminal; a service starts anew when its sources change.
await runMain(async (signals) => {
  const command = new Command('pnpm dev')
    .description('Starts the platform for development: readable logs, services reload when their sources change.')
    .option('--port <number>', 'web-api on N, the others on N+1 to N+3, admin ports on N+10 to N+13', Number)
    .option('--reset', 'delete the data of earlier runs first; models stay')
    .option('--state-dir <dir>', 'where data, logs, keys and models are kept', '.aion')
    .parse();
  const { port, reset, stateDir: directory } = command.opts<{ port?: number; reset?: boolean; stateDir: string }>();
  const checkoutDir = resolve(import.meta.dirname, '../../..');
  const stateDir = resolve(checkoutDir, directory);
  const { databaseUrl, redisUrl, objectStoreUrl, otlpEndpoint, logLevel } = loadLauncherConfig(process.env);
  const tell = (text: string): void => void process.stdout.write(`${text}\n`);
  const platform = await startPlatform({
    checkoutDir,
    stateDir,
    reset: reset ?? false,
    onReset: (removed) => tell(`Removed from ${stateDir}: ${removed.join(', ') || 'nothing'}`),
    ports: planPorts(port),
    databaseUrl,
    redisUrl,
    objectStoreUrl,
    otlpEndpoint,
    modelsDir: join(stateDir, 'models'),
    logLevel,
    env: process.env,
    signal: signals.interrupt,
    killSignal: signals.kill,
    output: createPrefixedOutput(process.stdout),
    onCrash: (error) => tell(`${error.message}\nIt starts again with the next change of its sources.`),
  });
  const watch = await watchSources(checkoutDir, async (services) => {
    tell(`Restarting ${services.join(', ')}`);
    const restarts = services.map((service) => platform.restart(service));
    for (const result of await Promise.allSettled(restarts)) {
      if (result.status === 'rejected' && !signals.interrupt.aborted) tell(errorMessage(result.reason));
    }
  });
  try {
    tell(
      `The platform is up at ${platform.baseUrl}; the operator's key is in ${join(stateDir, 'operator.json')}. Ctrl-C stops it.`,
    );
    await new Promise((done) => signals.interrupt.addEventListener('abort', done, { once: true }));
    return 0;
  } finally {
    await watch.stop();
    await platform.stop();
  }
});
