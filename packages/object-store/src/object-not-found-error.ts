/** No object exists under a key. */
export class ObjectNotFoundError extends Error {
  readonly code = 'OBJECT_NOT_FOUND';

  constructor(key: string, options?: ErrorOptions) {
    super(`There is no object ${JSON.stringify(key)}.`, options);
    this.name = 'ObjectNotFoundError';
  }
}
