import { resolve } from 'node:path';
import { assertPortsFree } from './platform/assert-ports-free.ts';
import { createLineWriter } from './platform/relay-lines.ts';
import { SERVICE_NAMES } from './platform/port-plan.ts';
import { toAdminUrls } from './platform/service-environment.ts';
import { createServiceGroup } from './platform/service-group.ts';
import { runMain, type MainSignals } from './run-main.ts';
import { loadStartPorts, createStartEnvironment } from './start-environment.ts';

/** Upper limit for the grace period of the services, AION_SHUTDOWN_GRACE_MS. */
const STOP_TIMEOUT_MS = 30_000;
const READY_TIMEOUT_MS = 90_000;

// Starts the four services as in production: configured by the environment, nothing embedded, logs on standard output.
await runMain(startServices, { outlivesOutput: true });

async function startServices(signals: MainSignals): Promise<number> {
  const { env } = process;
  const host = env['AION_HOST'] ?? '127.0.0.1';
  const ports = loadStartPorts(env);
  await assertPortsFree(
    ports,
    host,
    'Stop the program that uses it, or set another port: PORT, AION_AI_ENGINE_PORT and so on.',
  );
  const failure = new AbortController();
  const signal = AbortSignal.any([signals.interrupt, failure.signal]);
  const services = createServiceGroup({ readyTimeoutMs: READY_TIMEOUT_MS, stopTimeoutMs: STOP_TIMEOUT_MS, signal });
  signals.kill.addEventListener('abort', () => services.kill());
  void services.crashed.then((error) => failure.abort(error));
  const checkoutDir = resolve(import.meta.dirname, '../../..');
  const output = { kind: 'lines', write: createLineWriter(process.stdout) } as const;
  const aborted = new Promise((done) => signal.addEventListener('abort', done, { once: true }));
  try {
    const starts = SERVICE_NAMES.map((name) => {
      const serviceEnv = createStartEnvironment(name, env, ports, host);
      return services.start({ name, checkoutDir, env: serviceEnv, output }, toAdminUrls(ports, host)[name]);
    });
    await Promise.allSettled(starts.map((start) => start.catch((error: unknown) => failure.abort(error))));
    await aborted;
    if (!signals.interrupt.aborted) throw failure.signal.reason;
    return 0;
  } finally {
    await services.stop();
  }
}
