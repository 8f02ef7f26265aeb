import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { context, trace } from '@opentelemetry/api';
import { createMetrics, type Metrics } from '@aion/metrics';
import { createQueueBackend } from '@aion/queue';
import type { JobContext, JobDefinition, JobHandler, JobResult, JobWorkerOptions, QueueBackend } from '@aion/queue';
import { describeWithProgram, freePort, startProcess, waitFor } from '@aion/testkit';
import { activeIds, contextWithIds, startTracing, withSpan } from '@aion/tracing';
import { definition, postgresBackend, recordingLogger, redisBackend } from './support.ts';
import type { Payload, TestBackend } from './support.ts';

const COMPLETED: JobResult = { status: 'completed' };
const SKIPPED: JobResult = { status: 'completed', skipped: true };

describe('queue backend on PostgreSQL', () => suite(postgresBackend()));

describeWithProgram('redis-server', 'queue backend on Redis', (programPath) => suite(redisBackend(programPath)));

describe('createQueueBackend', () => {
  const { logger } = recordingLogger();

  it('rejects options without a URL', async () => {
    await expect(createQueueBackend({ logger })).rejects.toThrow('need a redisUrl or a postgresUrl');
  });

  it('names an unreachable backend without its password', async () => {
    const port = await freePort();
    await expect(createQueueBackend({ logger, redisUrl: `redis://:secret@127.0.0.1:${port}` })).rejects.toThrow(
      `Redis at 127.0.0.1:${port} does not respond. Start it or correct REDIS_URL.`,
    );
    await expect(
      createQueueBackend({ logger, postgresUrl: `postgresql://u:secret@127.0.0.1:${port}/queues` }),
    ).rejects.toThrow(new RegExp(`^The queue database 127.0.0.1:${port}/queues cannot be prepared. (?!.*secret)`));
  });

  it('lets several processes prepare the same database concurrently', async () => {
    const database = postgresBackend();
    await database.start();
    const backends = await Promise.all([1, 2, 3].map(() => createQueueBackend({ logger, ...database.urls() })));
    await Promise.all(backends.map((backend) => backend.ping()));
    await Promise.all(backends.map((backend) => backend.close()));
    await database.stop();
  });
});

function suite(server: TestBackend): void {
  const { logger, records } = recordingLogger();
  let metrics: Metrics;
  let backend: QueueBackend;
  let job: JobDefinition<Payload>;

  beforeAll(async () => {
    await server.start();
  });
  afterAll(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    records.length = 0;
    job = definition(`q-${randomUUID()}`);
    metrics = createMetrics({ service: 'test', version: '0', enabled: true });
    backend = await createQueueBackend({ ...server.urls(), logger, metrics });
  });
  afterEach(async () => {
    await backend.close();
  });

  const QUICK: JobWorkerOptions = { lockDurationMs: 1_000, stalledIntervalMs: 200, graceMs: 2_000, abortGraceMs: 500 };
  const work = (handler: JobHandler<Payload>, options: JobWorkerOptions = {}) =>
    backend.worker(job, handler, { ...QUICK, ...options });
  const counts = () => backend.queue(job).counts();
  const add = (jobId: string, options = {}) =>
    backend.queue(job).add({ rowId: jobId }, { jobId, backoffMs: 1, ...options });
  const untilCounts = (expected: object) =>
    waitFor(
      async () => {
        const now = await counts();
        return Object.entries(expected).every(([state, count]) => now[state as keyof typeof now] === count);
      },
      { describe: `counts of ${JSON.stringify(expected)}` },
    );

  it('passes a job with its payload to a worker', async () => {
    const seen: unknown[] = [];
    work(async (payload, { id, attempt }) => {
      seen.push({ payload, id, attempt });
      return COMPLETED;
    });
    await add('row-1');
    await untilCounts({ completed: 1, waiting: 0, active: 0 });
    expect(seen).toEqual([{ payload: { rowId: 'row-1' }, id: 'row-1', attempt: 1 }]);
    await backend.ping();
  });

  it('adds one job per id, while it is waiting and after it has completed', async () => {
    await Promise.all([add('row-1'), add('row-1'), add('row-1')]);
    expect(await counts()).toMatchObject({ waiting: 1 });
    let runs = 0;
    work(async () => {
      runs++;
      return COMPLETED;
    });
    await untilCounts({ completed: 1 });
    await add('row-1');
    await add('row-2');
    await untilCounts({ completed: 2, waiting: 0, active: 0 });
    expect(runs).toBe(2);
  });

  it('runs a permanently failed job again when it is added again', async () => {
    let fails = true;
    work(async () => {
      if (fails) throw new Error('no luck');
      return COMPLETED;
    });
    await add('row-1', { attempts: 1 });
    await untilCounts({ failed: 1 });
    fails = false;
    await add('row-1');
    await untilCounts({ completed: 1, failed: 0 });
  });

  it('retries after errors up to the given attempts, and stores no error text in the backend', async () => {
    const attempts: number[] = [];
    work(async (_payload, { attempt }) => {
      attempts.push(attempt);
      throw Object.assign(new Error('someone@example.org'), { code: 'PROVIDER_FAILED' });
    });
    await add('row-1', { attempts: 3 });
    await untilCounts({ failed: 1 });
    expect(attempts).toEqual([1, 2, 3]);
    expect(records.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'Job attempt failed, will retry'],
      ['warn', 'Job attempt failed, will retry'],
      ['error', 'Job failed after its last attempt'],
    ]);
    const stored = await storedJob('row-1');
    expect(stored).toMatchObject({ failedReason: 'PROVIDER_FAILED' });
    expect(JSON.stringify(stored)).not.toContain('someone@example.org');
  });

  it('runs a job again after the delay of a retry result, without using up an attempt', async () => {
    const attempts: number[] = [];
    work(async (_payload, { attempt }) => {
      attempts.push(attempt);
      return attempts.length < 4 ? { status: 'retry', delayMs: 10 } : COMPLETED;
    });
    await add('row-1', { attempts: 1 });
    await untilCounts({ completed: 1 });
    expect(attempts).toEqual([1, 1, 1, 1]);
    expect(records).toEqual([]);
  });

  it('fails a job permanently when its handler returns a failed result', async () => {
    let runs = 0;
    work(async () => {
      runs++;
      return { status: 'failed', reason: 'the row is gone' };
    });
    await add('row-1', { attempts: 3 });
    await untilCounts({ failed: 1 });
    expect(runs).toBe(1);
    expect(await storedJob('row-1')).toMatchObject({ failedReason: 'the row is gone' });
  });

  it('fails a job with a malformed payload, naming its fields and no values', async () => {
    const careless = { ...job, parse: (payload: unknown) => payload };
    const other = { ...careless, name: 'run-other' };
    await backend.queue(careless).add({ wrong: 'canary-of-the-payload' }, { jobId: 'malformed' });
    await backend.queue(other).add({ rowId: 'x' }, { jobId: 'misplaced' });
    let runs = 0;
    work(async () => {
      runs++;
      return COMPLETED;
    });
    await untilCounts({ failed: 2 });
    expect(runs).toBe(0);
    expect(await storedJob('malformed')).toMatchObject({
      failedReason: 'the payload is malformed, wrong fields: rowId',
      attemptsMade: 1,
    });
    expect(await storedJob('misplaced')).toMatchObject({ failedReason: expect.stringContaining('not run-other') });
    expect(records.map(({ level, message }) => [level, message])).toEqual([
      ['error', 'Job failed permanently'],
      ['error', 'Job failed permanently'],
    ]);
    await expect(backend.queue(job).add({} as Payload, { jobId: 'rejected' })).rejects.toThrow('invalid');
  });

  it("continues the producer's trace with its baggage, and marks the span of a failed run as an error", async () => {
    const tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: true, sampleRatio: 1 });
    try {
      const ids: unknown[] = [];
      work(async (_payload, { attempt }) => {
        ids.push(activeIds());
        await withSpan('inner', {}, () => undefined);
        if (attempt === 1) throw Object.assign(new Error('x'), { code: 'PROVIDER_FAILED' });
        return SKIPPED;
      });
      let traceId = '';
      await context.with(contextWithIds(context.active(), { correlationId: 'corr-1', tenantId: 'tenant-1' }), () =>
        withSpan('request', {}, async () => {
          traceId = trace.getActiveSpan()?.spanContext().traceId ?? '';
          await add('row-1');
        }),
      );
      await untilCounts({ completed: 1 });
      expect(ids).toEqual(Array(2).fill({ correlationId: 'corr-1', tenantId: 'tenant-1' }));
      const spans = await waitFor(
        () => {
          const all = tracing.store?.get(traceId) ?? [];
          return all.filter(({ name }) => name.startsWith('process')).length === 2 && all;
        },
        { describe: 'both runs in the trace' },
      );
      const send = spans.find(({ name }) => name === `send ${job.queue}`);
      expect(send).toMatchObject({ kind: 'producer', attributes: { 'messaging.operation.type': 'send' } });
      const runs = spans.filter(({ name }) => name === `process ${job.queue}`);
      expect(runs).toMatchObject([
        {
          kind: 'consumer',
          status: 'error',
          attributes: { 'error.type': 'PROVIDER_FAILED', 'aion.job.outcome': 'failed' },
        },
        { kind: 'consumer', status: 'unset', attributes: { 'aion.job.outcome': 'skipped' } },
      ]);
      for (const run of runs) {
        expect(run.parentSpanId).toBe(send?.spanId);
        expect(run.attributes).toMatchObject({
          'messaging.system': 'bullmq',
          'messaging.destination.name': job.queue,
          'messaging.operation.type': 'process',
          'messaging.message.id': 'row-1',
        });
      }
    } finally {
      await tracing.shutdown();
    }
  });

  it('reports the age of the oldest waiting job, and does not run delayed jobs early', async () => {
    expect(await backend.queue(job).oldestWaitingAgeMs()).toBe(0);
    await add('later', { delayMs: 3_600_000 });
    expect(await counts()).toMatchObject({ delayed: 1, waiting: 0 });
    expect(await backend.queue(job).oldestWaitingAgeMs()).toBe(0);
    await add('first');
    const age = await waitFor(
      async () => {
        const current = await backend.queue(job).oldestWaitingAgeMs();
        return current >= 50 && current;
      },
      { describe: 'an age of 50 ms' },
    );
    await add('second');
    expect(await backend.queue(job).oldestWaitingAgeMs()).toBeGreaterThanOrEqual(age);
  });

  it('runs up to the given number of jobs concurrently', async () => {
    let running = 0;
    let most = 0;
    work(
      async () => {
        most = Math.max(most, ++running);
        await waitFor(() => most === 3, { describe: 'three concurrent jobs' });
        running--;
        return COMPLETED;
      },
      { concurrency: 3 },
    );
    await Promise.all(['a', 'b', 'c', 'd'].map((id) => add(id)));
    await untilCounts({ completed: 4 });
    expect(most).toBe(3);
  });

  /** Reads the value of a series of the queue, by metric and further labels. */
  const valueOf = async (name: string, labels = '') => {
    const { body } = await metrics.exposition();
    const series = `${name}{queue="${job.queue}"${labels}} `;
    const line = body.split('\n').find((candidate) => candidate.startsWith(series));
    return line === undefined ? undefined : Number(line.slice(series.length));
  };
  const countOf = (outcome: string) => valueOf('aion_queue_job_duration_seconds_count', `,outcome="${outcome}"`);

  it('exports every series of a worker at zero from the start, and no gauges of the queue', async () => {
    await work(async () => COMPLETED).ready();
    for (const outcome of ['done', 'skipped', 'retried_later', 'handed_back', 'discarded', 'failed']) {
      expect([outcome, await countOf(outcome)]).toEqual([outcome, 0]);
    }
    expect(await valueOf('aion_queue_job_wait_seconds_count')).toBe(0);
    expect(await valueOf('aion_queue_job_retries_total')).toBe(0);
    expect(await valueOf('aion_queue_jobs_stalled_total')).toBe(0);
    expect((await metrics.exposition()).body).not.toMatch(
      /^aion_queue_(jobs|dead_letter_jobs|oldest_job_age_seconds)\{/m,
    );
  });

  it('observes the duration of runs by outcome in seconds', async () => {
    const startedAt = performance.now();
    work(async ({ rowId }) => {
      if (rowId === 'done') await sleep(30);
      if (rowId === 'discarded') return { status: 'failed', reason: 'x' };
      return rowId === 'done' ? COMPLETED : SKIPPED;
    });
    for (const id of ['done', 'skipped', 'discarded']) await add(id);
    await untilCounts({ completed: 2, failed: 1 });
    for (const outcome of ['done', 'skipped', 'discarded'])
      expect([outcome, await countOf(outcome)]).toEqual([outcome, 1]);
    const seconds = await valueOf('aion_queue_job_duration_seconds_sum', ',outcome="done"');
    expect(seconds).toBeGreaterThan(0.025);
    expect(seconds).toBeLessThan((performance.now() - startedAt) / 1_000);
  });

  it('observes once how long a job waited after it was due, and counts every further run', async () => {
    const delayMs = 300;
    await add('row-1', { delayMs });
    const addedAt = Date.now();
    let runs = 0;
    let startedAfterMs = Infinity;
    work(async () => {
      startedAfterMs = Math.min(startedAfterMs, Date.now() - addedAt);
      if (++runs === 1) throw new Error('no luck');
      if (runs === 2) return { status: 'retry', delayMs: 1 };
      return COMPLETED;
    });
    await untilCounts({ completed: 1 });
    expect(await valueOf('aion_queue_job_wait_seconds_count')).toBe(1);
    const waitedMs = ((await valueOf('aion_queue_job_wait_seconds_sum')) ?? NaN) * 1_000;
    // The requested delay does not count as a wait.
    expect(waitedMs).toBeLessThanOrEqual(startedAfterMs - delayMs + 100);
    expect(await valueOf('aion_queue_job_retries_total')).toBe(2);
    for (const outcome of ['failed', 'retried_later', 'done'])
      expect([outcome, await countOf(outcome)]).toEqual([outcome, 1]);
  });

  it('observes the time in the queue as a wait', async () => {
    await add('row-1');
    await waitFor(async () => (await backend.queue(job).oldestWaitingAgeMs()) >= 150, { describe: 'the job to wait' });
    work(async () => COMPLETED);
    await untilCounts({ completed: 1 });
    expect(await valueOf('aion_queue_job_wait_seconds_sum')).toBeGreaterThanOrEqual(0.15);
  });

  it('passes the job of a killed worker process to another worker', async () => {
    const { redisUrl, postgresUrl } = server.urls();
    const victim = await startProcess({
      args: [fileURLToPath(new URL('worker-process.ts', import.meta.url)), redisUrl ?? postgresUrl ?? '', job.queue],
    });
    try {
      await add('row-1', { attempts: 1 });
      await waitFor(() => victim.output().includes('took row-1'), { describe: 'the victim to take the job' });
    } finally {
      await victim.stop('SIGKILL');
    }
    const attempts: number[] = [];
    work(async (_payload, { attempt }) => {
      attempts.push(attempt);
      return COMPLETED;
    });
    await untilCounts({ completed: 1, active: 0 });
    expect(attempts).toEqual([1]);
    expect(await valueOf('aion_queue_jobs_stalled_total')).toBe(1);
    expect(await valueOf('aion_queue_job_retries_total')).toBe(1);
  });

  it('recovers after every connection was broken, and logs at most once per reporter', async () => {
    const done: string[] = [];
    work(async ({ rowId }) => {
      done.push(rowId);
      return COMPLETED;
    });
    await add('before');
    await untilCounts({ completed: 1 });
    await server.disrupt();
    await waitFor(() => add('after').then(() => true), { describe: 'a job to be added again' });
    await waitFor(() => done.includes('after'), { describe: 'the job to complete' });
    await backend.ping();
    // One record per reporter (the backend's and the worker's) in ten seconds.
    expect(records.length).toBeLessThanOrEqual(2);
  });

  it('finishes a job that was running while every connection was broken', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    let runs = 0;
    work(async () => {
      runs++;
      await released;
      return COMPLETED;
    });
    await add('row-1');
    await waitFor(() => runs === 1, { describe: 'the job to run' });
    await server.disrupt();
    release();
    await untilCounts({ completed: 1, active: 0 });
  });

  it('waits for running jobs when it closes, and fetches no more', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const started: string[] = [];
    const worker = work(async ({ rowId }) => {
      started.push(rowId);
      await released;
      return COMPLETED;
    });
    await add('running');
    await waitFor(() => started.length === 1, { describe: 'the job to run' });
    const closed = worker.close();
    await add('left');
    release();
    await closed;
    expect(started).toEqual(['running']);
    expect(await counts()).toMatchObject({ completed: 1, waiting: 1, active: 0 });
  });

  it.each([
    ['ends when its signal is aborted', (signal: AbortSignal) => sleep(60_000, COMPLETED, { signal })],
    ['ignores its signal', () => new Promise<JobResult>(() => undefined)],
  ])('releases a job that %s after the grace period, without using up an attempt', async (_case, hold) => {
    const runs: JobContext[] = [];
    const worker = work(
      (_payload, run) => {
        runs.push(run);
        return hold(run.signal);
      },
      { graceMs: 50, abortGraceMs: 50, lockDurationMs: 30_000 },
    );
    await add('row-1', { attempts: 1 });
    await waitFor(() => runs.length === 1, { describe: 'the job to run' });
    await worker.close();
    expect(runs[0]?.signal.aborted).toBe(true);
    expect(await counts()).toMatchObject({ waiting: 1, active: 0, failed: 0 });
    const attempts: number[] = [];
    work(async (_payload, { attempt }) => {
      attempts.push(attempt);
      return COMPLETED;
    });
    await untilCounts({ completed: 1 });
    expect(attempts).toEqual([1]);
    expect(records.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('leaks no connection of a worker that is closed before it is ready', async () => {
    await counts();
    const before = await server.connections();
    const other = await createQueueBackend({ ...server.urls(), logger });
    // Each worker is closed at a slightly later stage of its start.
    for (let turns = 0; turns < 6; turns += 1) {
      const worker = other.worker(definition(`q-${randomUUID()}`), () => Promise.resolve(COMPLETED));
      for (let turn = 0; turn < turns; turn += 1) await sleep(1);
      await worker.close();
      await worker.ready();
    }
    await other.close();
    await waitFor(async () => (await server.connections()) <= before, { describe: 'the last connection to be closed' });
  });

  /** Reads the job as BullMQ stores it; `QueueBackend` does not expose it. */
  async function storedJob(jobId: string): Promise<unknown> {
    const { Queue, createPostgresBackend } = await import('bullmq');
    const { redisUrl, postgresUrl } = server.urls();
    const queue =
      redisUrl === undefined
        ? new Queue(job.queue, { connection: postgresUrl ?? '' }, createPostgresBackend)
        : new Queue(job.queue, { connection: { url: redisUrl } });
    try {
      return (await queue.getJob(jobId))?.toJSON();
    } finally {
      await queue.close();
    }
  }
}
