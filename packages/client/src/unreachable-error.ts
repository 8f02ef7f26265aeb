/** The API did not answer, or its answer was incomplete. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}
