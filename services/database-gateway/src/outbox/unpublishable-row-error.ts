/** Reason why an outbox row can never become a job of this version. */
export type UnpublishableReason = 'unknown_topic' | 'malformed_payload';

/** Failure that the outbox row causes, not the queue. Its message contains nothing of the payload. */
export class UnpublishableRowError extends Error {
  override readonly name = 'UnpublishableRowError';
  readonly reason: UnpublishableReason;

  constructor(reason: UnpublishableReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
