import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { waitFor } from '@aion/testkit';
import type { CompletionTarget } from './completion-load.ts';
import { createAccess } from './create-access.ts';
import { startFaultyCollector, type FaultyCollector } from './faulty-collector.ts';
import { openLogPipe, type LogPipe } from './log-pipe.ts';
import { startPlainProvider } from './plain-provider.ts';
import { listProcesses } from './processes.ts';
import { startServices, type StartedServices } from './started-services.ts';

/** Limits of the span exporter, small enough that a test reaches them within seconds. */
export const SPAN_LIMITS = { queue: 256, batch: 64, timeoutMs: 2_000, delayMs: 200 } as const;
/** Authorization header that the collector must receive. */
export const COLLECTOR_KEY = 'Bearer of-the-collector';

/** Memory of a process: its heap including external buffers, and its resident memory. */
export interface Memory {
  readonly program: string;
  readonly heapBytes: number;
  readonly residentBytes: number;
}

/** Services of `pnpm start` whose telemetry backends are controlled by the test. */
export interface DegradedServices {
  readonly services: StartedServices;
  readonly target: CompletionTarget;
  readonly collector: FaultyCollector;
  readonly logs: LogPipe;
  /** Measures the memory of the services and their launcher after garbage collection, by program. */
  memory(): Promise<Readonly<Record<string, Memory>>>;
  stop(): Promise<void>;
}

/** Starts the services with a healthy collector and log reader. */
export async function startDegradedServices(): Promise<DegradedServices> {
  const directory = mkdtempSync(join(tmpdir(), 'aion-degradation-'));
  const closers: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0)) await close();
  };
  try {
    const collector = await startFaultyCollector();
    closers.unshift(() => collector.close());
    const provider = await startPlainProvider();
    closers.unshift(() => provider.close());
    const logs = openLogPipe(join(directory, 'log'));
    closers.unshift(() => logs.close());
    const marker = randomUUID();
    const services = await startServices(logs.writeEnd, {
      ...telemetryVariables(collector.endpoint),
      OPENAI_BASE_URL: provider.baseUrl,
      OPENAI_API_KEY: 'nobody asks for it',
      NODE_OPTIONS: `--expose-gc --import=${pathToFileURL(join(import.meta.dirname, 'report-memory.ts')).href}`,
      AION_TEST_MARKER: marker,
      AION_TEST_MEMORY_DIR: directory,
    });
    closers.unshift(() => services.stop());
    const { key } = await createAccess(services);
    const memory = (): Promise<Record<string, Memory>> => measureMemory(listProcesses(marker, directory), directory);
    // The model id names its provider, so that models are not listed periodically.
    const target = { baseUrl: services.baseUrl, key, model: 'openai/plain-1' };
    return { services, target, collector, logs, memory, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function measureMemory(pids: readonly number[], directory: string): Promise<Record<string, Memory>> {
  const files = pids.map((pid) => join(directory, `${pid}.json`));
  for (const file of files) rmSync(file, { force: true });
  for (const pid of pids) process.kill(pid, 'SIGUSR2');
  const reports = await waitFor(() => files.every(existsSync) && files.map((file) => readFileSync(file, 'utf8')), {
    describe: 'reports of memory',
  });
  const memories = reports.map((report) => JSON.parse(report) as Memory);
  return Object.fromEntries(memories.map((memory) => [memory.program, memory]));
}

function telemetryVariables(endpoint: string): NodeJS.ProcessEnv {
  return {
    LOG_LEVEL: 'info',
    AION_LOG_FORMAT: 'json',
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=${encodeURIComponent(COLLECTOR_KEY)}`,
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=degraded',
    OTEL_TRACES_SAMPLER: 'parentbased_always_on',
    OTEL_BSP_MAX_QUEUE_SIZE: String(SPAN_LIMITS.queue),
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: String(SPAN_LIMITS.batch),
    OTEL_BSP_EXPORT_TIMEOUT: String(SPAN_LIMITS.timeoutMs),
    OTEL_BSP_SCHEDULE_DELAY: String(SPAN_LIMITS.delayMs),
  };
}
