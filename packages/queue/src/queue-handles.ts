import { withBackend } from 'bullmq';
import type { IQueueBackend, Queue } from 'bullmq';
import type { ErrorReporter } from './error-reporter.ts';
import type { JobEnvelope } from './job-envelope.ts';
import type { QueueDriver } from './queue-driver.ts';
import { withTimeout } from './with-timeout.ts';

/** BullMQ queue on either backend. */
export type QueueHandle = Queue<JobEnvelope, unknown, string, JobEnvelope, unknown, string, IQueueBackend, object>;

/** BullMQ queues of a process by name. */
export interface QueueHandles {
  /** Returns the queue, opened if necessary. Call it before each use: a queue whose first connection failed is replaced. */
  get(name: string): QueueHandle;
  close(): Promise<void>;
}

const CLOSE_TIMEOUT_MS = 2_000;

/** Creates an empty set of queues. */
export function createQueueHandles(driver: QueueDriver, report: ErrorReporter): QueueHandles {
  const { Queue: BoundQueue } = withBackend(driver.queueFactory);
  const handles = new Map<string, QueueHandle>();
  const open = (name: string): QueueHandle => {
    const handle: QueueHandle = new BoundQueue<JobEnvelope>(name, { connection: {}, skipMetasUpdate: true });
    handle.on('error', report);
    handles.set(name, handle);
    // BullMQ never retries a failed first connection.
    handle.waitUntilReady().catch((error: unknown) => {
      report(error);
      if (handles.get(name) === handle) handles.delete(name);
    });
    return handle;
  };
  return {
    get: (name) => handles.get(name) ?? open(name),
    close: async () => {
      const closing = [...handles.values()].map((handle) =>
        withTimeout(handle.close(), CLOSE_TIMEOUT_MS, `Closing the queue ${handle.name}`).catch(report),
      );
      await Promise.all(closing);
    },
  };
}
