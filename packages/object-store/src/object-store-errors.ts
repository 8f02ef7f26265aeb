/** There is no object with this key. */
export class ObjectNotFoundError extends Error {
  readonly code = 'OBJECT_NOT_FOUND';

  constructor(key: string, options?: ErrorOptions) {
    super(`There is no object ${JSON.stringify(key)}.`, options);
    this.name = 'ObjectNotFoundError';
  }
}

/** A key that not every store could hold, or that would lead out of a directory. */
export class InvalidObjectKeyError extends Error {
  readonly code = 'INVALID_OBJECT_KEY';

  constructor(key: string, reason: string) {
    super(`${JSON.stringify(key.slice(0, 200))} is not an object key: ${reason}.`);
    this.name = 'InvalidObjectKeyError';
  }
}
