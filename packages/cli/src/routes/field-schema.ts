import { z } from 'zod';

/** Subset of JSON Schema from which flags and columns are derived. */
export interface FieldSchema {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly FieldSchema[];
  readonly items?: FieldSchema;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly example?: unknown;
  readonly default?: unknown;
}

/** Converts the input or output schema of a contract to JSON Schema, with all references resolved. */
export function toFieldSchema(schema: z.ZodType, io: 'input' | 'output'): FieldSchema {
  const { $defs = {}, ...root } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  // Only the parts that the interface names are read, and each is optional there.
  return resolveReferences(root, $defs) as FieldSchema;
}

/** Returns an example of a field's value if its contract contains one. */
export function findExample({ example, anyOf = [], items }: FieldSchema): string | undefined {
  if (typeof example === 'string' || typeof example === 'number') return String(example);
  const [inner] = [...anyOf, ...(items === undefined ? [] : [items])];
  return inner === undefined ? undefined : findExample(inner);
}

function resolveReferences(node: unknown, definitions: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(node)) return node.map((each) => resolveReferences(each, definitions));
  if (!isObject(node)) return node;
  const { $ref: reference, ...rest } = node;
  const [, name = ''] = typeof reference === 'string' ? (/^#\/\$defs\/(.+)$/.exec(reference) ?? []) : [];
  const definition = definitions[name];
  const resolved = isObject(definition) ? { ...definition, ...rest } : rest;
  return Object.fromEntries(
    Object.entries(resolved).map(([key, value]) => [key, resolveReferences(value, definitions)]),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
