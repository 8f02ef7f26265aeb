/** Result of one run of a job, returned by its handler. A handler that throws uses up an attempt instead. */
export type JobResult =
  /** Success. `skipped`: nothing was left to do, for example because the row had already changed its state. */
  | { readonly status: 'completed'; readonly skipped?: boolean }
  /**
   * Permanent failure that no further attempt can fix. `reason` is stored with the job in the backend, so it must contain
   * no personal data; `cause` is only logged.
   */
  | { readonly status: 'failed'; readonly reason: string; readonly cause?: unknown }
  /** Run again after `delayMs`, for example because a lock is taken. Uses up no attempt. */
  | { readonly status: 'retry'; readonly delayMs: number; readonly reason?: string }
  /** Interrupted because the worker is closing: returned to the queue for immediate execution. Uses up no attempt. */
  | { readonly status: 'released' };
