import { UnavailableError } from '@aion/errors';

/** Reason why a caller got no connection: none became free in time, or the queue was full. */
export type NoConnectionReason = 'timeout' | 'queue_full';

/** All connections of a pool are in use (503, with `Retry-After`). */
export class NoConnectionError extends UnavailableError {
  readonly reason: NoConnectionReason;

  constructor(reason: NoConnectionReason) {
    super('All connections to the database are in use.', { retryAfterSeconds: 1 });
    this.reason = reason;
  }
}
