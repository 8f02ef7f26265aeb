import { PassThrough } from 'node:stream';
import { createLogger } from '@aion/logging';
import { createMetrics, type MetricsOptions } from '@aion/metrics';
import { waitFor } from '@aion/testkit';
import { createQueueGauges, type QueueGauges, type QueueReading } from './queue-gauges.ts';

/** Long enough for a second reading on a busy machine. */
const MAX_AGE_MS = 1_000;
/** Stopped also after a failed test, where a running one would keep the process alive. */
const started: QueueGauges[] = [];
afterEach(() => Promise.all(started.splice(0).map((gauges) => gauges.stop())));

const READING: QueueReading = {
  queue: 'exports',
  counts: { waiting: 1, delayed: 2, active: 3, completed: 4, failed: 5 },
  oldestWaitingAgeMs: 1_500,
};

function setUp(read: () => Promise<readonly QueueReading[]>, options: Partial<MetricsOptions> = {}) {
  const metrics = createMetrics({ service: 'test', version: '0', enabled: true, ...options });
  const stream = new PassThrough();
  const logger = createLogger({ service: 'test', level: 'warn', format: 'json', stream });
  const gauges = createQueueGauges({ read, metrics, logger, pollMs: 1, maxAgeMs: MAX_AGE_MS });
  started.push(gauges);
  const lines = async () =>
    (await metrics.exposition()).body.split('\n').filter((line) => /^aion_queue_\w+\{/.test(line));
  return { gauges, lines, logged: () => String(stream.read() ?? '') };
}

describe('queue gauges', () => {
  it('expose the state of the queue, the dead letters and the age of the oldest job', async () => {
    const { gauges, lines } = setUp(() => Promise.resolve([READING]));
    expect(await lines()).toEqual([]);
    gauges.start();
    await waitFor(async () => (await lines()).length > 0, { describe: 'the first reading' });
    expect((await lines()).toSorted()).toEqual([
      'aion_queue_dead_letter_jobs{queue="exports"} 5',
      'aion_queue_jobs{queue="exports",state="active"} 3',
      'aion_queue_jobs{queue="exports",state="completed"} 4',
      'aion_queue_jobs{queue="exports",state="delayed"} 2',
      'aion_queue_jobs{queue="exports",state="failed"} 5',
      'aion_queue_jobs{queue="exports",state="waiting"} 1',
      'aion_queue_oldest_job_age_seconds{queue="exports"} 1.5',
    ]);
  });

  it('are removed when the queue has not answered for long, with one warning, and return with it', async () => {
    let isUnavailable = false;
    let reads = 0;
    const { gauges, lines, logged } = setUp(() => {
      reads++;
      return isUnavailable ? Promise.reject(new Error('away')) : Promise.resolve([READING]);
    });
    gauges.start();
    await waitFor(async () => (await lines()).length > 0, { describe: 'the first reading' });
    isUnavailable = true;
    const before = reads;
    await waitFor(async () => (await lines()).length === 0, { describe: 'the removal of stale series' });
    expect(reads).toBeGreaterThan(before + 1);
    expect(logged().match(/Queues could not be read/g)).toHaveLength(1);
    isUnavailable = false;
    await waitFor(async () => (await lines()).length > 0, { describe: 'the series to return' });
  });

  it('do not block a scrape while the queue does not answer', async () => {
    const hanging = Promise.withResolvers<readonly QueueReading[]>();
    const { gauges, lines } = setUp(() => hanging.promise);
    gauges.start();
    expect(await lines()).toEqual([]);
    hanging.resolve([]);
  });

  it.each<Partial<MetricsOptions>>([{ enabled: false }, { subjects: ['http', 'db', 'ai'] }])(
    'read nothing with %j',
    async (options) => {
      let reads = 0;
      const { gauges } = setUp(() => {
        reads++;
        return Promise.resolve([READING]);
      }, options);
      gauges.start();
      expect(reads).toBe(0);
    },
  );
});
