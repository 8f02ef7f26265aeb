import fc from 'fast-check';
import { z } from 'zod';

/** JSON Schema in zod's representation. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** State of generating values for one schema. */
interface GenerationContext {
  /** Schema that `$ref` resolves against. */
  readonly root: JsonSchema;
  /** Generates all optional properties, lists with an element, and the first alternative that is not null. */
  readonly complete: boolean;
  readonly depth: number;
}

/** Depth beyond which values are as simple as the schema allows, so that recursive schemas terminate. */
const MAX_DEPTH = 6;
const MAX_TEXT = 40;

/** Converts a zod schema to the JSON Schema of its input, before defaults and coercions. */
export function toInputSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
}

/** Creates an arbitrary of a schema. The caller must check refinements, which JSON Schema cannot express. */
export function createArbitrary(schema: JsonSchema, options: { readonly complete: boolean }): fc.Arbitrary<unknown> {
  return arbitrary(schema, { root: schema, complete: options.complete, depth: 0 });
}

function arbitrary(given: z.core.JSONSchema._JSONSchema, context: GenerationContext): fc.Arbitrary<unknown> {
  if (typeof given === 'boolean') return fc.jsonValue({ maxDepth: 1 });
  const schema = resolve(given, context);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return oneOf(alternatives, context);
  const { type } = schema;
  // OpenAPI 3.1 and JSON Schema allow lists of types, zod's type declaration does not.
  if (Array.isArray(type))
    return oneOf(
      (type as string[]).map((each) => ({ ...schema, type: each }) as JsonSchema),
      context,
    );
  return ofType(schema, context);
}

function ofType(schema: JsonSchema, context: GenerationContext): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case 'string':
      return text(schema);
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1_000, max: schema.maximum ?? 1_000 });
    case 'number':
      return fc.double({ min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e6, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return list(schema, context);
    case 'object':
      return record(schema, context);
    default:
      return schema.allOf === undefined ? fc.jsonValue({ maxDepth: 2 }) : all(schema.allOf, context);
  }
}

/** Resolves a reference: `#/$defs/Name`, or `#` for the root schema. */
function resolve(schema: JsonSchema, { root }: GenerationContext): JsonSchema {
  if (schema.$ref === undefined) return schema;
  const name = schema.$ref.replace(/^#\/\$defs\//, '');
  const target = name === '#' ? root : root.$defs?.[name];
  if (target === undefined) throw new Error(`${schema.$ref} does not exist in the schema.`);
  return resolve(target, { root, complete: false, depth: 0 });
}

function oneOf(
  alternatives: readonly z.core.JSONSchema._JSONSchema[],
  context: GenerationContext,
): fc.Arbitrary<unknown> {
  const others = alternatives.filter((each) => typeof each === 'boolean' || each.type !== 'null');
  const chosen = context.complete || context.depth > MAX_DEPTH ? others.slice(0, 1) : alternatives;
  return fc.oneof(...chosen.map((each) => arbitrary(each, context)));
}

/** Merges the properties of all objects of an intersection. */
function all(schemas: readonly z.core.JSONSchema._JSONSchema[], context: GenerationContext): fc.Arbitrary<unknown> {
  return fc
    .tuple(...schemas.map((each) => arbitrary(each, context)))
    .map((values) => Object.assign({}, ...values) as unknown);
}

function list(schema: JsonSchema, context: GenerationContext): fc.Arbitrary<unknown> {
  const minLength = Math.max(schema.minItems ?? 0, context.complete ? 1 : 0);
  const maxLength = Math.min(schema.maxItems ?? Infinity, minLength + 3);
  const items = schema.items === undefined || Array.isArray(schema.items) ? true : schema.items;
  const element = arbitrary(items, { ...context, depth: context.depth + 1 });
  return fc.array(element, { minLength, maxLength: context.depth > MAX_DEPTH ? minLength : maxLength });
}

function record(schema: JsonSchema, context: GenerationContext): fc.Arbitrary<unknown> {
  const inner = { ...context, depth: context.depth + 1 };
  const required = schema.required ?? [];
  const isWanted = (name: string): boolean => context.depth <= MAX_DEPTH || required.includes(name);
  const wanted = Object.entries(schema.properties ?? {}).filter(([name]) => isWanted(name));
  const fields = Object.fromEntries(wanted.map(([name, each]) => [name, arbitrary(each, inner)]));
  const named = fc.record(fields, { requiredKeys: context.complete ? Object.keys(fields) : required });
  const { additionalProperties: more } = schema;
  if (more === undefined || typeof more === 'boolean') return named;
  const names =
    schema.propertyNames === undefined ? fc.stringMatching(/^[a-z]{1,8}$/) : arbitrary(schema.propertyNames, inner);
  const others = fc.array(fc.tuple(names, arbitrary(more, inner)), {
    maxLength: 2,
    minLength: context.complete ? 1 : 0,
  });
  return fc.tuple(named, others).map(([own, extra]) => ({ ...Object.fromEntries(extra), ...own }) as unknown);
}

function text(schema: JsonSchema): fc.Arbitrary<unknown> {
  const minLength = schema.minLength ?? 0;
  const maxLength = Math.min(schema.maxLength ?? Infinity, minLength + MAX_TEXT);
  switch (schema.format) {
    case 'uuid':
      return fc.uuid({ version: 7 });
    case 'date-time':
      return fc
        .date({ min: new Date('2020-01-01'), max: new Date('2099-01-01'), noInvalidDate: true })
        .map((date) => date.toISOString());
    case 'date':
      return fc.date({ min: new Date('2020-01-01'), max: new Date('2099-01-01'), noInvalidDate: true }).map(toDay);
    case 'email':
      return fc.stringMatching(/^[a-z]{1,10}@[a-z]{1,10}\.(com|org)$/);
    case 'uri':
      return fc.webUrl();
  }
  // Use the last anchored pattern, which is the strictest; most texts match "no NUL" and "not blank" anyway.
  const patterns = [schema.pattern, ...(schema.allOf ?? []).map(patternOf)].filter((each) => each !== undefined);
  const pattern = patterns.filter((each) => each.startsWith('^') && !each.startsWith('^[^')).at(-1);
  if (pattern !== undefined) return matching(pattern).map((each) => each.slice(0, schema.maxLength));
  return fc.string({ unit: 'grapheme', minLength, maxLength: Math.max(1, maxLength) });
}

/** Cache of arbitraries by pattern: building one for a long expression takes a tenth of a second. */
const ARBITRARIES = new Map<string, fc.Arbitrary<string>>();

function matching(pattern: string): fc.Arbitrary<string> {
  const cached = ARBITRARIES.get(pattern) ?? fc.stringMatching(new RegExp(pattern));
  ARBITRARIES.set(pattern, cached);
  return cached;
}

function patternOf(schema: z.core.JSONSchema._JSONSchema): string | undefined {
  return typeof schema === 'boolean' ? undefined : schema.pattern;
}

function toDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}
