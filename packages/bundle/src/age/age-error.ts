/** Where the reading of an age file failed. */
export type AgeErrorCode = 'AGE_HEADER_INVALID' | 'AGE_NO_MATCH' | 'AGE_HMAC_INVALID' | 'AGE_PAYLOAD_INVALID';

/** An age file that cannot be read: malformed, for another identity, altered or cut off. */
export class AgeError extends Error {
  readonly code: AgeErrorCode;

  constructor(code: AgeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AgeError';
    this.code = code;
  }
}

/** A text that is not one usable age X25519 recipient. */
export class InvalidRecipientError extends Error {
  readonly code = 'INVALID_AGE_RECIPIENT';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InvalidRecipientError';
  }
}

/** A text that is not an age identity file with X25519 keys. The text is secret, so no message repeats it. */
export class InvalidIdentityError extends Error {
  readonly code = 'INVALID_AGE_IDENTITY';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InvalidIdentityError';
  }
}
