import { join, resolve } from 'node:path';
import { errorMessage } from '@aion/errors';
import { Command } from 'commander';
import { loadLauncherConfig } from './launcher-config.ts';
import { planPorts } from './platform/port-plan.ts';
import { startPlatform } from './platform/start-platform.ts';
import { createPrefixedOutput } from './prefixed-output.ts';
import { runMain } from './run-main.ts';
import { watchSources } from './watch-sources.ts';

// Starts the platform with embedded defaults and logs on the terminal; restarts a service when its sources change.
await runMain(async (signals) => {
  const command = new Command('pnpm dev')
    .description('Starts the platform for development: readable logs, services restart when their sources change.')
    .option('--port <number>', 'web-api on N, the other services on N+1 to N+3, admin ports on N+10 to N+13', Number)
    .option('--reset', 'delete the data of earlier runs first, except models')
    .option('--state-dir <dir>', 'directory of data, logs, keys and models', '.aion')
    .parse();
  const { port, reset, stateDir: directory } = command.opts<{ port?: number; reset?: boolean; stateDir: string }>();
  const checkoutDir = resolve(import.meta.dirname, '../../..');
  const stateDir = resolve(checkoutDir, directory);
  const { databaseUrl, redisUrl, objectStoreUrl, otlpEndpoint, logLevel } = loadLauncherConfig(process.env);
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const platform = await startPlatform({
    checkoutDir,
    stateDir,
    reset: reset ?? false,
    onReset: (removed) => print(`Removed from ${stateDir}: ${removed.join(', ') || 'nothing'}`),
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
    onCrash: (error) => print(`${error.message}\nThe service restarts after the next change of its sources.`),
  });
  const watch = await watchSources(checkoutDir, async (services) => {
    print(`Restarting ${services.join(', ')}`);
    const restarts = services.map((service) => platform.restart(service));
    for (const result of await Promise.allSettled(restarts)) {
      if (result.status === 'rejected' && !signals.interrupt.aborted) print(errorMessage(result.reason));
    }
  });
  try {
    print(
      `Platform running at ${platform.baseUrl}. Operator key: ${join(stateDir, 'operator.json')}. Press Ctrl-C to stop.`,
    );
    await new Promise((done) => signals.interrupt.addEventListener('abort', done, { once: true }));
    return 0;
  } finally {
    await watch.stop();
    await platform.stop();
  }
});
