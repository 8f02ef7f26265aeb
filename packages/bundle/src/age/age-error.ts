/** Stages at which decryption of an age file fails. */
export type AgeErrorCode = 'AGE_HEADER_INVALID' | 'AGE_NO_MATCH' | 'AGE_HMAC_INVALID' | 'AGE_PAYLOAD_INVALID';

/** An age file that cannot be decrypted: malformed, for another identity, altered or truncated. */
export class AgeError extends Error {
  readonly code: AgeErrorCode;

  constructor(code: AgeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AgeError';
    this.code = code;
  }
}
