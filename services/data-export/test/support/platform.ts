import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { PassThrough } from 'node:stream';
import {
  createDirectorySource,
  createSigningKey,
  exportSigningKey,
  generateAgeIdentity,
  verifyBundle,
  type VerificationReport,
} from '@aion/bundle';
import { runExportJob } from '@aion/contracts';
import { createLogger } from '@aion/logging';
import { createQueueBackend } from '@aion/queue';
import { startProcess, waitFor, type RunningProcess } from '@aion/testkit';
import { TestGateway, type TestExport } from './test-gateway.ts';

const SECRET = 'a service token secret of the tests, long enough';
const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
/** Short, so that dead workers are detected soon. */
const LEASE_MS = 1_500;
const WAIT_TIMEOUT_MS = 25_000;

/** Environment of data-export, with as many of its processes as a test starts. */
export interface Platform {
  readonly gateway: TestGateway;
  readonly gatewayPort: number;
  /** Starts a data-export process; waits until it is ready unless `ready` is given. */
  startWorker(env?: NodeJS.ProcessEnv, ready?: (output: string) => boolean): Promise<RunningProcess>;
  /** Stores an export and queues its job. */
  requestExport(recipient?: string): Promise<TestExport>;
  /** Returns the keys of all objects of an export. */
  objectsOf(row: TestExport): Promise<string[]>;
  /** Verifies the bundle of the newest run of an export with the tenant's identity. */
  verify(row: TestExport): Promise<VerificationReport>;
  /** Waits for a condition; a timeout error contains the output of the workers. */
  waitFor<T>(predicate: () => T | Promise<T>, description: string): Promise<T>;
  close(): Promise<void>;
}

/** Starts the platform on a queue. */
export async function startPlatform(queue: { postgresUrl: string } | { redisUrl: string }): Promise<Platform> {
  const home = await mkdtemp(join(tmpdir(), 'aion-data-export-'));
  const objects = join(home, 'objects');
  const identity = generateAgeIdentity();
  const signingKey = createSigningKey();
  const logger = createLogger({ service: 'test', level: 'error', format: 'json', stream: new PassThrough().resume() });
  const gateway = new TestGateway(SECRET, logger);
  const gatewayPort = await gateway.start();
  const backend = await createQueueBackend({ ...queue, logger });
  const jobs = backend.queue(runExportJob);
  const workers: RunningProcess[] = [];
  let number = 0;

  return {
    gateway,
    gatewayPort,
    startWorker: async (env = {}, ready = (output) => output.includes('Service is ready')) => {
      const worker = await startProcess({
        args: [MAIN],
        env: {
          NODE_OPTIONS: undefined,
          AION_ENVIRONMENT: 'development',
          AION_LOG_FORMAT: 'json',
          AION_ADMIN_PORT: '0',
          AION_SERVICE_TOKEN_SECRET: SECRET,
          AION_DATABASE_GATEWAY_URL: `http://127.0.0.1:${gatewayPort}`,
          OBJECT_STORE_URL: objects,
          AION_SIGNING_KEY: exportSigningKey(signingKey),
          AION_QUEUE_DATABASE_URL: 'postgresUrl' in queue ? queue.postgresUrl : undefined,
          REDIS_URL: 'redisUrl' in queue ? queue.redisUrl : undefined,
          AION_EXPORT_LEASE_MS: String(LEASE_MS),
          AION_EXPORT_MAX_PART_BYTES: '65536',
          ...env,
        },
        ready,
      });
      workers.push(worker);
      return worker;
    },
    requestExport: async (recipient = identity.recipient) => {
      number += 1;
      const tail = String(number).padStart(12, '0');
      const id = `01890a5d-ac96-774b-8cce-${tail}`;
      const row = gateway.addExport({ id, tenantId: `01890a5d-ac96-774b-9cce-${tail}`, recipient });
      await jobs.add({ export_id: row.id, tenant_id: row.tenantId }, { jobId: `run-export-${row.id}` });
      return row;
    },
    objectsOf: async (row) => {
      const folder = join(objects, 'exports', row.id);
      const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
      const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      return files.map((file) => file.slice(objects.length + 1).replaceAll(sep, '/')).sort();
    },
    verify: (row) =>
      verifyBundle({
        source: createDirectorySource(join(objects, 'exports', row.id, String(row.fencingToken))),
        identity: identity.identity,
        trustedPublicKey: signingKey.publicKey,
      }),
    waitFor: (predicate, description) =>
      waitFor(predicate, { describe: description, timeoutMs: WAIT_TIMEOUT_MS }).catch((error: unknown) => {
        const outputs = workers.map((worker) => worker.output()).join('\n--- next worker\n');
        throw new Error(`timed out waiting for ${description}; output of the workers:\n${outputs}`, { cause: error });
      }),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.stop('SIGKILL')));
      await backend.close();
      await gateway.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Gate in the middle of a table's rows, at which streams pause until it is opened. */
export interface Gate {
  /** Number of paused streams. */
  readonly waiting: number;
  open(): void;
}

/** Pauses the row streams of `generations` in the middle, for the exports for which `pauses` returns true. */
export function pauseRows(gateway: TestGateway, pauses: (row: TestExport) => boolean): Gate {
  const unpaused = gateway.rows;
  const opened = new AbortController();
  let waiting = 0;
  gateway.rows = async function* (row, table, signal) {
    let chunks = 0;
    for await (const chunk of unpaused(row, table, signal)) {
      chunks += 1;
      if (chunks === 20 && pauses(row)) {
        waiting += 1;
        await untilAborted(AbortSignal.any([opened.signal, signal]));
        waiting -= 1;
      }
      yield chunk;
    }
  };
  return {
    get waiting() {
      return waiting;
    },
    open: () => opened.abort(),
  };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
