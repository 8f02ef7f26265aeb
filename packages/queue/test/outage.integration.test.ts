import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@aion/embedded';
import type { EmbeddedPostgres } from '@aion/embedded';
import { createQueueBackend } from '@aion/queue';
import type { QueueBackend } from '@aion/queue';
import { describeWithProgram, startRedis, waitFor } from '@aion/testkit';
import type { TestRedis } from '@aion/testkit';
import { definition, recordingLogger } from './support.ts';

/** Server that can be stopped and started again. */
interface Server {
  start(): Promise<{ readonly redisUrl?: string; readonly postgresUrl?: string }>;
  stop(): Promise<void>;
}

function postgresServer(dir: string): Server {
  let server: EmbeddedPostgres | undefined;
  let port: number | undefined;
  return {
    start: async () => {
      server = await startEmbeddedPostgres({
        dataDir: join(dir, 'data'),
        settings: { fsync: 'off' },
        ...(port === undefined ? {} : { port }),
      });
      port = server.port;
      return { postgresUrl: server.superuserUrl() };
    },
    stop: async () => {
      await server?.stop();
    },
  };
}

function redisServer(programPath: string, dir: string): Server {
  let server: TestRedis | undefined;
  return {
    start: async () => {
      server = await startRedis(programPath, { dir, ...(server === undefined ? {} : { port: server.port }) });
      return { redisUrl: server.url };
    },
    stop: async () => {
      await server?.stop();
    },
  };
}

describe('queue during an outage of PostgreSQL', () => suite(postgresServer));

describeWithProgram('redis-server', 'queue during an outage of Redis', (programPath) =>
  suite((dir) => redisServer(programPath, dir)),
);

function suite(createServer: (dir: string) => Server): void {
  const { logger, records } = recordingLogger();
  const options = { graceMs: 100, abortGraceMs: 100 };
  let dir: string;
  let server: Server;
  let backend: QueueBackend;

  beforeEach(async () => {
    records.length = 0;
    dir = await mkdtemp(join(tmpdir(), 'aion-queue-outage-'));
    server = createServer(dir);
    backend = await createQueueBackend({ ...(await server.start()), logger });
  });
  afterEach(async () => {
    await backend.close();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('fails sends and pings, and workers started before and during the outage process jobs after it', async () => {
    const [old, fresh] = [definition(`q-${randomUUID()}`), definition(`q-${randomUUID()}`)];
    const done: string[] = [];
    const handler = ({ rowId }: { rowId: string }) => {
      done.push(rowId);
      return Promise.resolve({ status: 'completed' as const });
    };
    await backend.worker(old, handler, options).ready();
    await backend.queue(old).counts();
    await server.stop();
    await expect(backend.ping()).rejects.toThrow();
    await expect(backend.queue(old).add({ rowId: 'x' }, { jobId: 'x' })).rejects.toThrow();
    const worker = backend.worker(fresh, handler, options);
    await waitFor(() => records.length > 0, { describe: 'the outage to be logged' });
    await server.start();
    await worker.ready();
    for (const job of [old, fresh]) {
      await waitFor(
        () =>
          backend
            .queue(job)
            .add({ rowId: job.queue }, { jobId: 'row' })
            .then(() => true),
        {
          describe: 'a job to be added',
        },
      );
    }
    await waitFor(() => done.includes(old.queue) && done.includes(fresh.queue), { describe: 'both jobs to complete' });
    // At most one record in ten seconds for the backend and for each worker.
    expect(records.length).toBeLessThanOrEqual(3);
  });

  it('closes the backend while a job is running', async () => {
    const job = definition(`q-${randomUUID()}`);
    let runs = 0;
    backend.worker(
      job,
      () => {
        runs++;
        return new Promise(() => undefined);
      },
      options,
    );
    await backend.queue(job).add({ rowId: 'x' }, { jobId: 'x' });
    await waitFor(() => runs === 1, { describe: 'the job to run' });
    await server.stop();
    await backend.close();
  });
}
