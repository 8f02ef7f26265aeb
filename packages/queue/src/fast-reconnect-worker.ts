import { Worker } from 'bullmq';
import type { IQueueBackend, JobProgress } from 'bullmq';
import type { OutcomeLabel } from './job-metrics.ts';

/** Pause of a worker after a lost connection, in milliseconds. */
export const RECONNECT_PAUSE_MS = 1_000;

/**
 * BullMQ worker on either backend that reconnects soon after a lost connection. BullMQ's own pauses, 5 s in its checker
 * of stalled jobs and 15 s in its main loop, prolong a short outage, and the former outlives the worker's close.
 */
export class FastReconnectWorker extends Worker<unknown, OutcomeLabel, string, IQueueBackend, JobProgress, object> {
  protected override checkConnectionError<T>(
    run: () => Promise<T>,
    pauseMs = RECONNECT_PAUSE_MS,
  ): Promise<T | undefined> {
    return super.checkConnectionError(run, pauseMs);
  }

  /** Stops all timers and drops the connections without notifying the server, for a close that hangs. */
  async abandon(): Promise<void> {
    await this.lockManager.close();
    await this.pause(true);
    await this.disconnect();
  }
}
