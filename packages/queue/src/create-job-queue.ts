import { captureCarrier, withSpan } from '@aion/tracing';
import { SpanKind } from '@opentelemetry/api';
import type { JobEnvelope } from './job-envelope.ts';
import { messagingAttributes } from './messaging-attributes.ts';
import type { QueueHandle } from './queue-handles.ts';
import type { AddJobOptions, JobDefinition, JobQueue } from './types.ts';
import { withTimeout } from './with-timeout.ts';

/** BullMQ itself waits for ever for a server that is away. */
const OPERATION_TIMEOUT_MS = 5_000;
const DEFAULT_ATTEMPTS = 5;
const DEFAULT_BACKOFF_MS = 1_000;
/** BullMQ removes jobs beyond these when a further one ends: ages in seconds. */
const KEEP_COMPLETED = { age: 24 * 3_600, count: 1_000 };
const KEEP_FAILED = { age: 14 * 24 * 3_600, count: 10_000 };
/** Frames of an error in the backend; our own error holds nothing that the log does not. */
const STACK_FRAMES = 1;

const OLDEST_LOOKS = 3;
const OLDEST_MARGIN = 8;

/** The sending side of `definition`'s queue. */
export function createJobQueue<TPayload>(
  definition: JobDefinition<TPayload>,
  open: () => QueueHandle,
): JobQueue<TPayload> {
  const ask = <T>(run: (queue: QueueHandle) => Promise<T>): Promise<T> =>
    withTimeout(run(open()), OPERATION_TIMEOUT_MS, `the queue ${definition.queue}`);
  return {
    add: (payload, options) =>
      withSpan(
        `send ${definition.queue}`,
        {
          subject: 'queue',
          kind: SpanKind.PRODUCER,
          attributes: messagingAttributes(definition, 'send', options.jobId),
        },
        async () => {
          definition.parse(payload);
          const envelope: JobEnvelope = { v: 1, carrier: captureCarrier(), payload };
          await ask(async (queue) => {
            // BullMQ ignores a new job when there is one with its id in any state.
            if ((await queue.getJobState(options.jobId)) === 'failed') await queue.remove(options.jobId);
            await queue.add(definition.name, envelope, toBullOptions(options));
          });
        },
      ),
    counts: async () => {
      const states = ['waiting', 'delayed', 'active', 'completed', 'failed'] as const;
      const counts = await ask((queue) => queue.getJobCounts(...states));
      const count = (state: string) => counts[state] ?? 0;
      return {
        waiting: count('waiting'),
        delayed: count('delayed'),
        active: count('active'),
        completed: count('completed'),
        failed: count('failed'),
      };
    },
    oldestWaitingAgeMs: async () => {
      const oldest = await ask(findOldestWaiting);
      return oldest === undefined ? 0 : Math.max(0, Date.now() - oldest.timestamp - (oldest.opts.delay ?? 0));
    },
  };
}

/**
 * The end of the waiting list, newest first: BullMQ 6.7 on PostgreSQL cuts its page from that end also when the oldest
 * are asked for. Workers shorten the list meanwhile, so a few jobs before the end are read, and an empty answer is doubted.
 */
async function findOldestWaiting(queue: QueueHandle) {
  for (let look = 0; look < OLDEST_LOOKS; look++) {
    const { waiting = 0 } = await queue.getJobCounts('waiting');
    if (waiting === 0) return undefined;
    const oldest = (await queue.getJobs(['waiting'], Math.max(0, waiting - OLDEST_MARGIN), -1, false)).at(-1);
    if (oldest !== undefined) return oldest;
  }
  return undefined; // The queue is being emptied faster than it can be read.
}

function toBullOptions(options: AddJobOptions) {
  return {
    jobId: options.jobId,
    delay: options.delayMs ?? 0,
    attempts: options.attempts ?? DEFAULT_ATTEMPTS,
    backoff: { type: 'exponential', delay: options.backoffMs ?? DEFAULT_BACKOFF_MS },
    removeOnComplete: KEEP_COMPLETED,
    removeOnFail: KEEP_FAILED,
    stackTraceLimit: STACK_FRAMES,
  };
}
