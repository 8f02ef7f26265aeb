/**
 * Mends how zod-to-openapi 9 writes a named schema that may be null: `allOf` of the schema and of "object or null", which
 * no null can meet.
 */
export function fixNullableSchemas<T>(document: T): T {
  // What is changed is told by the shapes below; everything else is as it was.
  return mend(document) as T;
}

function mend(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mend);
  if (!isRecord(value)) return value;
  const mended = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mend(each)]));
  const { allOf, ...rest } = mended;
  if (!Array.isArray(allOf) || allOf.length !== 2) return mended;
  const [named, nullable] = allOf as readonly unknown[];
  if (!isRecord(named) || !('$ref' in named) || !isRecord(nullable) || !mayBeNull(nullable)) return mended;
  const { type: _type, ...meta } = nullable;
  return { ...rest, ...meta, anyOf: [named, { type: 'null' }] };
}

function mayBeNull({ type }: Readonly<Record<string, unknown>>): boolean {
  return Array.isArray(type) && type.includes('null');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
