import { captureCarrier, withSpan } from '@aion/tracing';
import { SpanKind } from '@opentelemetry/api';
import type { JobEnvelope } from './job-envelope.ts';
import { messagingAttributes } from './messaging-attributes.ts';
import type { QueueHandle } from './queue-handles.ts';
import type { AddJobOptions, JobDefinition, JobQueue } from './types.ts';
import { withTimeout } from './with-timeout.ts';

/** BullMQ itself waits indefinitely for an unreachable server. */
const OPERATION_TIMEOUT_MS = 5_000;
const DEFAULT_ATTEMPTS = 5;
const DEFAULT_BACKOFF_MS = 1_000;
/** Retention of ended jobs: BullMQ removes those beyond it whenever a job ends. Ages are in seconds. */
const COMPLETED_RETENTION = { age: 24 * 3_600, count: 1_000 };
const FAILED_RETENTION = { age: 14 * 24 * 3_600, count: 10_000 };
/** Stack frames stored with an error in the backend; the log contains the complete error. */
const STACK_FRAMES = 1;
/** Attempts to read the oldest job, and jobs before it that are read also: see `findOldestWaiting`. */
const OLDEST_JOB_READS = 3;
const OLDEST_JOB_MARGIN = 8;

/** Creates the producer side of a definition's queue. */
export function createJobQueue<TPayload>(
  definition: JobDefinition<TPayload>,
  open: () => QueueHandle,
): JobQueue<TPayload> {
  const runInTime = <T>(run: (queue: QueueHandle) => Promise<T>): Promise<T> =>
    withTimeout(run(open()), OPERATION_TIMEOUT_MS, `An operation on the queue ${definition.queue}`);
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
          await runInTime(async (queue) => {
            // BullMQ ignores a new job when one with its id exists in any state.
            if ((await queue.getJobState(options.jobId)) === 'failed') await queue.remove(options.jobId);
            await queue.add(definition.name, envelope, toBullOptions(options));
          });
        },
      ),
    counts: async () => {
      const states = ['waiting', 'delayed', 'active', 'completed', 'failed'] as const;
      const counts = await runInTime((queue) => queue.getJobCounts(...states));
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
      const oldest = await runInTime(findOldestWaiting);
      return oldest === undefined ? 0 : Math.max(0, Date.now() - oldest.timestamp - (oldest.opts.delay ?? 0));
    },
  };
}

/**
 * Returns the last job of the waiting list, read newest first: BullMQ 6.7 on PostgreSQL takes a page from the newest end
 * even when the oldest are requested. Workers shorten the list concurrently, so the page begins a few jobs before the
 * end, and an empty page is read again.
 */
async function findOldestWaiting(queue: QueueHandle) {
  for (let read = 0; read < OLDEST_JOB_READS; read++) {
    const { waiting = 0 } = await queue.getJobCounts('waiting');
    if (waiting === 0) return undefined;
    const oldest = (await queue.getJobs(['waiting'], Math.max(0, waiting - OLDEST_JOB_MARGIN), -1, false)).at(-1);
    if (oldest !== undefined) return oldest;
  }
  return undefined; // Workers empty the queue faster than it can be read.
}

function toBullOptions(options: AddJobOptions) {
  return {
    jobId: options.jobId,
    delay: options.delayMs ?? 0,
    attempts: options.attempts ?? DEFAULT_ATTEMPTS,
    backoff: { type: 'exponential', delay: options.backoffMs ?? DEFAULT_BACKOFF_MS },
    removeOnComplete: COMPLETED_RETENTION,
    removeOnFail: FAILED_RETENTION,
    stackTraceLimit: STACK_FRAMES,
  };
}
