/** What chains are made of: flat objects of texts, whole numbers and nothing. */
export type CanonicalObject = Readonly<Record<string, string | number | null>>;

/**
 * One text for one object, whatever the order of its keys (RFC 8785, JSON Canonicalization Scheme).
 * @throws {RangeError} for a number that is not a safe integer, and for half a surrogate pair
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
  if (typeof value === 'string' && !value.isWellFormed()) throw new RangeError('A text holds half a surrogate pair.');
  return JSON.stringify(value);
}
