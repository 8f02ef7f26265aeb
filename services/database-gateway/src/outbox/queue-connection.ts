import { runExportJob } from '@aion/contracts';
import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import { createQueueConnector } from '@aion/queue';
import { z } from 'zod';
import type { PublishOutboxRow } from './outbox-relay.ts';
import type { QueueReading } from './queue-gauges.ts';
import { UnpublishableRowError } from './unpublishable-row-error.ts';

/** The sending side of the queue. It is opened in the background, so that requests need not wait for it. */
export interface QueueConnection {
  /** Begins to open the queue, and keeps trying. */
  start(): void;
  readonly publish: PublishOutboxRow;
  /** @throws unless an operation on the queue succeeds */
  ping(): Promise<void>;
  /** What each queue holds now; waits until the queue is open. @throws when the queue does not answer in time */
  read(): Promise<readonly QueueReading[]>;
  close(): Promise<void>;
}

/** The jobs that outbox rows become, by topic. */
const JOBS = new Map([[runExportJob.name, runExportJob]]);

/** Creates the connection. */
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

/** @throws UnpublishableRowError, whose message names fields and no values */
function parseRow(topic: string, payload: unknown) {
  const job = JOBS.get(topic);
  if (job === undefined) throw new UnpublishableRowError('unknown_topic', `No job is called "${topic}".`);
  try {
    return { job, jobPayload: job.parse(payload) };
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const fields = error.issues.map(({ path }) => path.join('.') || '(root)').join(', ');
    throw new UnpublishableRowError('malformed_payload', `The payload is no ${topic}; wrong fields: ${fields}.`);
  }
}
