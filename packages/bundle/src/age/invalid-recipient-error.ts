/** A text that is not exactly one usable age X25519 recipient. */
export class InvalidRecipientError extends Error {
  readonly code = 'INVALID_AGE_RECIPIENT';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InvalidRecipientError';
  }
}
