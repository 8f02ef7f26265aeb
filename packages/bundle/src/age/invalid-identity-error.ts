/** A text that is not an age identity file with X25519 keys. The text is secret, so no message contains it. */
export class InvalidIdentityError extends Error {
  readonly code = 'INVALID_AGE_IDENTITY';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InvalidIdentityError';
  }
}
