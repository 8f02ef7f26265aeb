import { Worker } from 'bullmq';
import type { IQueueBackend, JobProgress } from 'bullmq';
import type { JobOutcome } from './types.ts';

/** Pause of a worker after a lost connection, milliseconds. */
export const RETRY_PAUSE_MS = 1_000;

/**
 * A BullMQ worker on either backend that looks again soon after a lost connection: BullMQ's pauses of 5 s for its checker
 * of stalled jobs and 15 s for its main loop make a short outage long, and the former outlives the worker's close.
 */
export class PromptWorker extends Worker<unknown, JobOutcome, string, IQueueBackend, JobProgress, object> {
  protected override checkConnectionError<T>(run: () => Promise<T>, pauseMs = RETRY_PAUSE_MS): Promise<T | undefined> {
    return super.checkConnectionError(run, pauseMs);
  }

  /** Stops all timers and drops the connections without asking the server, which a close that hangs has not come to. */
  async abandon(): Promise<void> {
    await this.lockManager.close();
    await this.pause(true);
    await this.disconnect();
  }
}
