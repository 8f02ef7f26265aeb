/** The file that a source gave is not the model. */
export class ModelHashMismatchError extends Error {
  readonly code = 'MODEL_HASH_MISMATCH';

  constructor(source: string, expected: string, actual: string) {
    super(`${source} is not the model: its SHA-256 is ${actual}, the model's is ${expected}. Nothing was kept.`);
    this.name = 'ModelHashMismatchError';
  }
}

/** A source could not give the file; what was downloaded is kept and continued by the next attempt. */
export class ModelSourceError extends Error {
  readonly code = 'MODEL_SOURCE';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ModelSourceError';
  }
}
