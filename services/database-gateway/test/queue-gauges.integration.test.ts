import { PassThrough } from 'node:stream';
import { runExportJob } from '@aion/contracts';
import { createLogger } from '@aion/logging';
import { createMetrics } from '@aion/metrics';
import { createQueueBackend, type QueueBackend } from '@aion/queue';
import { createTestDatabase, describeWithProgram, startRedis, waitFor, type TestRedis } from '@aion/testkit';
import { v7 as uuidv7 } from 'uuid';
import { createQueueConnection } from '../src/outbox/queue-connection.ts';
import { createQueueGauges } from '../src/outbox/queue-gauges.ts';
import { noMetrics } from './support/test-database.ts';

const logger = createLogger({ service: 'test', level: 'error', format: 'json', stream: new PassThrough().resume() });

type Urls = () => { redisUrl: string | undefined; postgresUrl: string | undefined };

function describeGaugesOn(urls: Urls, stopServer: () => Promise<void>): void {
  const metrics = createMetrics({ service: 'database-gateway', version: '0', enabled: true });
  const producer = () => createQueueConnection({ ...urls(), logger, metrics: noMetrics });
  let queue: ReturnType<typeof createQueueConnection>;
  let gauges: ReturnType<typeof createQueueGauges>;
  let workers: QueueBackend;

  beforeAll(async () => {
    queue = producer();
    queue.start();
    gauges = createQueueGauges({ read: () => queue.read(), metrics, logger, pollMs: 10, maxAgeMs: 500 });
    gauges.start();
    workers = await createQueueBackend({ ...urls(), logger });
  });
  afterAll(async () => {
    await workers.close();
    await Promise.all([gauges.stop(), queue.close()]);
  });

  const valueOf = async (series: string) => {
    const { body } = await metrics.exposition();
    const line = body.split('\n').find((candidate) => candidate.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  };
  const jobs = (state: string) => valueOf(`aion_queue_jobs{queue="exports",state="${state}"}`);
  const deadLetters = () => valueOf('aion_queue_dead_letter_jobs{queue="exports"}');
  const oldestAge = () => valueOf('aion_queue_oldest_job_age_seconds{queue="exports"}');
  const until = (describe: string, isTrue: () => Promise<boolean>) => waitFor(isTrue, { describe });

  it('expose an empty queue as zeros', async () => {
    await until('the first reading', async () => (await jobs('waiting')) === 0);
    expect([await jobs('active'), await jobs('failed'), await deadLetters(), await oldestAge()]).toEqual([0, 0, 0, 0]);
  });

  it('expose a job that waits with its age, then runs, then is a dead letter', async () => {
    const id = uuidv7();
    const payload = { export_id: id, tenant_id: uuidv7() };
    await queue.publish({ topic: runExportJob.name, payload, dedupeKey: `run-export-${id}` });
    await until('a job to wait', async () => (await jobs('waiting')) === 1);
    await until('its age to grow', async () => ((await oldestAge()) ?? 0) > 0.1);
    const held = Promise.withResolvers<void>();
    const worker = workers.worker(runExportJob, async () => {
      await held.promise;
      return { status: 'failed', reason: 'x' };
    });
    await until('it to run', async () => (await jobs('active')) === 1 && (await jobs('waiting')) === 0);
    expect(await oldestAge()).toBe(0);
    held.resolve();
    await until('it to be dead', async () => (await deadLetters()) === 1 && (await jobs('failed')) === 1);
    await worker.close();
  });

  it('expose nothing when the queue has been unavailable for long, and block no scrape', async () => {
    await stopServer();
    await until('the series to be gone', async () => (await jobs('waiting')) === undefined);
    expect([await deadLetters(), await oldestAge()]).toEqual([undefined, undefined]);
  });
}

describe('gauges of a queue on PostgreSQL', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  describeGaugesOn(
    () => ({ redisUrl: undefined, postgresUrl: database.url }),
    () => database.drop(),
  );
});

describeWithProgram('redis-server', 'gauges of a queue on Redis', (redisServer) => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis(redisServer);
  });
  describeGaugesOn(
    () => ({ redisUrl: redis.url, postgresUrl: undefined }),
    () => redis.stop(),
  );
});
