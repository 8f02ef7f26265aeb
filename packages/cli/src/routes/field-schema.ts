import { z } from 'zod';

/** As much of JSON Schema as flags and columns are made from. */
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

/** The JSON Schema of what a contract takes or gives, whole: what it refers to stands where it is referred to. */
export function toFieldSchema(schema: z.ZodType, io: 'input' | 'output'): FieldSchema {
  const { $defs = {}, ...root } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  // Only the parts that the interface names are read, and each is optional there.
  return inline(root, $defs) as FieldSchema;
}

/** How a value of a field looks, where its contract shows one. */
export function exampleOf({ example, anyOf = [], items }: FieldSchema): string | undefined {
  if (typeof example === 'string' || typeof example === 'number') return String(example);
  const [inner] = [...anyOf, ...(items === undefined ? [] : [items])];
  return inner === undefined ? undefined : exampleOf(inner);
}

function inline(node: unknown, definitions: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(node)) return node.map((each) => inline(each, definitions));
  if (!isObject(node)) return node;
  const { $ref: reference, ...rest } = node;
  const [, name = ''] = typeof reference === 'string' ? (/^#\/\$defs\/(.+)$/.exec(reference) ?? []) : [];
  const definition = definitions[name];
  const whole = isObject(definition) ? { ...definition, ...rest } : rest;
  return Object.fromEntries(Object.entries(whole).map(([key, value]) => [key, inline(value, definitions)]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
