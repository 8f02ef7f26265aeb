import { PassThrough } from 'node:stream';
import { createLogger } from '@aion/logging';
import { createMetrics, type MetricsOptions } from '@aion/metrics';
import { waitFor } from '@aion/testkit';
import { createQueueGauges, type QueueGauges, type QueueReading } from './queue-gauges.ts';

/** A busy machine reads a second time within it. */
const MAX_AGE_MS = 1_000;
/** Also of a test that fails: one that goes on keeps its process alive. */
const started: QueueGauges[] = [];
afterEach(() => Promise.all(started.splice(0).map((gauges) => gauges.stop())));

const READING: QueueReading = {
  queue: 'exports',
  counts: { waiting: 1, delayed: 2, active: 3, completed: 4, failed: 5 },
  oldestWaitingAgeMs: 1_500,
};

function setUp(read: () => Promise<readonly QueueReading[]>, switches: Partial<MetricsOptions> = {}) {
  const metrics = createMetrics({ service: 'test', version: '0', enabled: true, ...switches });
  const stream = new PassThrough();
  const logger = createLogger({ service: 'test', level: 'warn', format: 'json', stream });
  const gauges = createQueueGauges({ read, metrics, logger, pollMs: 1, maxAgeMs: MAX_AGE_MS });
  started.push(gauges);
  const lines = async () =>
    (await metrics.exposition()).body.split('\n').filter((line) => /^aion_queue_\w+\{/.test(line));
  return { gauges, lines, logged: () => String(stream.read() ?? '') };
}

describe('the gauges of queues', () => {
  it('show what was read, by state, the dead letters and the age of the oldest', async () => {
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

  it('are gone when the queue has not answered for long, say so once, and come back with it', async () => {
    let isAway = false;
    let reads = 0;
    const { gauges, lines, logged } = setUp(() => {
      reads++;
      return isAway ? Promise.reject(new Error('away')) : Promise.resolve([READING]);
    });
    gauges.start();
    await waitFor(async () => (await lines()).length > 0, { describe: 'the first reading' });
    isAway = true;
    const before = reads;
    await waitFor(async () => (await lines()).length === 0, { describe: 'the stale series to be gone' });
    expect(reads).toBeGreaterThan(before + 1);
    expect(logged().match(/Queues could not be read/g)).toHaveLength(1);
    isAway = false;
    await waitFor(async () => (await lines()).length > 0, { describe: 'the series to be back' });
  });

  it('let a scrape go on while the queue does not answer', async () => {
    const hanging = Promise.withResolvers<readonly QueueReading[]>();
    const { gauges, lines } = setUp(() => hanging.promise);
    gauges.start();
    expect(await lines()).toEqual([]);
    hanging.resolve([]);
  });

  it.each<Partial<MetricsOptions>>([{ enabled: false }, { subjects: ['http', 'db', 'ai'] }])(
    'read nothing with %j',
    async (switches) => {
      let reads = 0;
      const { gauges } = setUp(() => {
        reads++;
        return Promise.resolve([READING]);
      }, switches);
      gauges.start();
      expect(reads).toBe(0);
    },
  );
});
