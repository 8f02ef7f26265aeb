/** Stable reasons why the embedded PostgreSQL does not start. */
export type EmbeddedPostgresErrorCode =
  | 'DATA_DIR_UNUSABLE'
  | 'DATA_DIR_IN_USE'
  | 'PORT_IN_USE'
  | 'UNSUPPORTED_PLATFORM'
  | 'SYSTEM_USER_MISSING'
  | 'START_FAILED';

/** A failure of the embedded PostgreSQL; the message names the directory, port or program and the fix. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
  readonly code: EmbeddedPostgresErrorCode;

  constructor(code: EmbeddedPostgresErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
