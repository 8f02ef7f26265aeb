/** An object key that not every store supports, or that would lead out of a directory. */
export class InvalidObjectKeyError extends Error {
  readonly code = 'INVALID_OBJECT_KEY';

  constructor(key: string, reason: string) {
    super(`${JSON.stringify(key.slice(0, 200))} is not an object key: ${reason}.`);
    this.name = 'InvalidObjectKeyError';
  }
}
