/** An argument or a file of the user is invalid. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The user did not confirm. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
}

/** Received data differs from the data expected. */
export class CheckFailedError extends Error {
  override readonly name = 'CheckFailedError';
}
