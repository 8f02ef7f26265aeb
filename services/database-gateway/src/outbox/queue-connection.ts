import { runExportJob } from '@aion/contracts';
import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import { createQueueConnector } from '@aion/queue';
import { z } from 'zod';
import type { PublishOutboxRow } from './outbox-relay.ts';
import type { QueueReading } from './queue-gauges.ts';
import { UnpublishableRowError } from './unpublishable-row-error.ts';

/** Producer of jobs. The queue is opened in the background, so that requests do not wait for it. */
export interface QueueConnection {
  /** Opens the queue, with retries. */
  start(): void;
  readonly publish: PublishOutboxRow;
  /** @throws unless an operation on the queue succeeds */
  ping(): Promise<void>;
  /** Reads the state of each queue; waits until the queue is open. @throws when the queue does not answer in time */
  read(): Promise<readonly QueueReading[]>;
  close(): Promise<void>;
}

/** Jobs by the topic of their outbox rows. */
const JOBS = new Map([[runExportJob.name, runExportJob]]);

/** Creates the producer. */
export function createQueueConnection(options: {
  readonly redisUrl: string | undefined;
  readonly postgresUrl: string | undefined;
  readonly logger: Logger;
  readonly metrics: Metrics;
}): QueueConnection {
  const connector = createQueueConnector(options);
  return {
    start: () => connector.start(),
    publish: async ({ topic, payload, dedupeKey }) => {
      const { job, jobPayload } = parseRow(topic, payload);
      await connector.backend().queue(job).add(jobPayload, { jobId: dedupeKey });
    },
    ping: () => connector.ping(),
    read: async () => {
      await connector.ready();
      const opened = connector.backend();
      const reading = async (job: typeof runExportJob): Promise<QueueReading> => {
        const queue = opened.queue(job);
        const [counts, oldestWaitingAgeMs] = await Promise.all([queue.counts(), queue.oldestWaitingAgeMs()]);
        return { queue: job.queue, counts, oldestWaitingAgeMs };
      };
      return Promise.all([...JOBS.values()].map(reading));
    },
    close: () => connector.close(),
  };
}

/** Parses a row. @throws UnpublishableRowError, whose message contains names of fields and no values */
function parseRow(topic: string, payload: unknown) {
  const job = JOBS.get(topic);
  if (job === undefined) throw new UnpublishableRowError('unknown_topic', `There is no job "${topic}".`);
  try {
    return { job, jobPayload: job.parse(payload) };
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const fields = error.issues.map(({ path }) => path.join('.') || '(root)').join(', ');
    throw new UnpublishableRowError(
      'malformed_payload',
      `The payload does not match the schema of ${topic}; wrong fields: ${fields}.`,
    );
  }
}
