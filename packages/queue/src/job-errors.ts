/** Thrown by a handler that wants to be run again later, for example because a lock is held. Uses up no attempt. */
export class RetryJobLaterError extends Error {
  override readonly name = 'RetryJobLaterError';
  readonly delayMs: number;

  constructor(options: { readonly delayMs: number; readonly reason?: string; readonly cause?: unknown }) {
    super(options.reason ?? `to be run again in ${options.delayMs} ms`, { cause: options.cause });
    this.delayMs = options.delayMs;
  }
}

/**
 * Thrown by a handler for a job that no further attempt can help: the job has failed for good. The message is kept with
 * the job in the backend, so it must hold no personal data.
 */
export class DiscardJobError extends Error {
  override readonly name = 'DiscardJobError';
}
