/** Why an outbox row can never become a job of this version. */
export type UnpublishableReason = 'unknown_topic' | 'malformed_payload';

/** An outbox row is at fault, not the queue. Its message holds nothing of the payload. */
export class UnpublishableRowError extends Error {
  override readonly name = 'UnpublishableRowError';
  readonly reason: UnpublishableReason;

  constructor(reason: UnpublishableReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
