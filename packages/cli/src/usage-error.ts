/** Something that the caller named cannot be used. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
