/** The objects that chains hash: flat, with strings, integers and null as values. */
export type CanonicalObject = Readonly<Record<string, string | number | null>>;

/**
 * Serializes an object to the same text for any order of its keys (RFC 8785, JSON Canonicalization Scheme).
 * @throws {RangeError} for a number that is not a safe integer, and for an unpaired surrogate
 */
export function toCanonicalJson(object: CanonicalObject): string {
  const members = Object.keys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${toCanonicalValue(object[key] ?? null)}`);
  return `{${members.join(',')}}`;
}

function toCanonicalValue(value: string | number | null): string {
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw new RangeError(`${value} is not a safe integer.`);
  if (typeof value === 'string' && !value.isWellFormed())
    throw new RangeError('A string contains an unpaired surrogate.');
  return JSON.stringify(value);
}
