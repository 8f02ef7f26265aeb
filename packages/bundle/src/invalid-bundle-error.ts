/** A bundle that is damaged, altered, unsafe to open or in an unknown format. */
export class InvalidBundleError extends Error {
  readonly code = 'INVALID_BUNDLE';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InvalidBundleError';
  }
}
