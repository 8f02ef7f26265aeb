/**
 * Returns the `code` of a system, driver or domain error; undefined for values without a text code. Reads it by shape, because
 * these errors have no common base class, and inside Jest's sandbox those of Node's own modules are not `instanceof Error`.
 */
export function errorCode(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
