/** The file of a source is not the model. */
export class ModelHashMismatchError extends Error {
  readonly code = 'MODEL_HASH_MISMATCH';

  constructor(source: string, expected: string, actual: string) {
    super(
      `${source} is not the model: its SHA-256 is ${actual}, that of the model is ${expected}. It was deleted; use another source.`,
    );
    this.name = 'ModelHashMismatchError';
  }
}

/** A source could not provide the file. The bytes downloaded so far remain, and the next attempt continues. */
export class ModelSourceError extends Error {
  readonly code = 'MODEL_SOURCE';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ModelSourceError';
  }
}
