/** Returns the message of any thrown value, or the value as text. Reads it by shape, for the same reason as `errorCode`. */
export function errorMessage(thrown: unknown): string {
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) return String(thrown.message);
  return String(thrown);
}
