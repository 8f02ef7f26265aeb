/** Something that the caller named cannot be used. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The person who was asked does not want it. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
}

/** What was got is not what it should be. */
export class CheckFailedError extends Error {
  override readonly name = 'CheckFailedError';
}
