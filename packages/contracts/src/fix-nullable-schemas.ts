/**
 * Fixes the form in which zod-to-openapi 9 writes a named schema that may be null: `allOf` of the schema and of "object or
 * null", which null cannot satisfy.
 */
export function fixNullableSchemas<T>(document: T): T {
  // Only nullable references change; everything else keeps its type.
  return fixValue(document) as T;
}

function fixValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fixValue);
  if (!isRecord(value)) return value;
  const fixed = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fixValue(each)]));
  const { allOf, ...rest } = fixed;
  if (!Array.isArray(allOf) || allOf.length !== 2) return fixed;
  const [named, nullable] = allOf as readonly unknown[];
  if (!isRecord(named) || !('$ref' in named) || !isRecord(nullable) || !mayBeNull(nullable)) return fixed;
  const { type: _type, ...meta } = nullable;
  return { ...rest, ...meta, anyOf: [named, { type: 'null' }] };
}

function mayBeNull({ type }: Readonly<Record<string, unknown>>): boolean {
  return Array.isArray(type) && type.includes('null');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
