import fc from 'fast-check';
import { z } from 'zod';

/** A JSON Schema as zod renders it. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** How values are made. */
interface Making {
  /** Where `$ref` leads to. */
  readonly root: JsonSchema;
  /** Every optional property is there, every list has an element, and of alternatives the first that is not null. */
  readonly complete: boolean;
  readonly depth: number;
}

/** Deeper values are as simple as the schema allows: recursive schemas end. */
const MAX_DEPTH = 6;
const MAX_TEXT = 40;

/** The JSON Schema of what a contract takes, before its defaults and coercions. */
export function inputSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
}

/** Makes values of a schema. What JSON Schema cannot say (refinements) is for the caller to check. */
export function arbitraryOf(schema: JsonSchema, options: { readonly complete: boolean }): fc.Arbitrary<unknown> {
  return arbitrary(schema, { root: schema, complete: options.complete, depth: 0 });
}

function arbitrary(given: z.core.JSONSchema._JSONSchema, making: Making): fc.Arbitrary<unknown> {
  if (typeof given === 'boolean') return fc.jsonValue({ maxDepth: 1 });
  const schema = resolve(given, making);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return oneOf(alternatives, making);
  const { type } = schema;
  // OpenAPI 3.1 and JSON Schema know lists of types; zod's own type for it does not.
  if (Array.isArray(type))
    return oneOf(
      (type as string[]).map((each) => ({ ...schema, type: each }) as JsonSchema),
      making,
    );
  return ofType(schema, making);
}

function ofType(schema: JsonSchema, making: Making): fc.Arbitrary<unknown> {
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
      return list(schema, making);
    case 'object':
      return record(schema, making);
    default:
      return schema.allOf === undefined ? fc.jsonValue({ maxDepth: 2 }) : all(schema.allOf, making);
  }
}

/** `#/$defs/Name`, or `#` for the schema itself. */
function resolve(schema: JsonSchema, { root }: Making): JsonSchema {
  if (schema.$ref === undefined) return schema;
  const name = schema.$ref.replace(/^#\/\$defs\//, '');
  const target = name === '#' ? root : root.$defs?.[name];
  if (target === undefined) throw new Error(`${schema.$ref} leads nowhere.`);
  return resolve(target, { root, complete: false, depth: 0 });
}

function oneOf(alternatives: readonly z.core.JSONSchema._JSONSchema[], making: Making): fc.Arbitrary<unknown> {
  const others = alternatives.filter((each) => typeof each === 'boolean' || each.type !== 'null');
  const chosen = making.complete || making.depth > MAX_DEPTH ? others.slice(0, 1) : alternatives;
  return fc.oneof(...chosen.map((each) => arbitrary(each, making)));
}

/** An intersection of objects has the properties of all. */
function all(schemas: readonly z.core.JSONSchema._JSONSchema[], making: Making): fc.Arbitrary<unknown> {
  return fc
    .tuple(...schemas.map((each) => arbitrary(each, making)))
    .map((values) => Object.assign({}, ...values) as unknown);
}

function list(schema: JsonSchema, making: Making): fc.Arbitrary<unknown> {
  const least = Math.max(schema.minItems ?? 0, making.complete ? 1 : 0);
  const most = Math.min(schema.maxItems ?? Infinity, least + 3);
  const items = schema.items === undefined || Array.isArray(schema.items) ? true : schema.items;
  const element = arbitrary(items, { ...making, depth: making.depth + 1 });
  return fc.array(element, { minLength: least, maxLength: making.depth > MAX_DEPTH ? least : most });
}

function record(schema: JsonSchema, making: Making): fc.Arbitrary<unknown> {
  const inner = { ...making, depth: making.depth + 1 };
  const required = schema.required ?? [];
  const isWanted = (name: string): boolean => making.depth <= MAX_DEPTH || required.includes(name);
  const wanted = Object.entries(schema.properties ?? {}).filter(([name]) => isWanted(name));
  const fields = Object.fromEntries(wanted.map(([name, each]) => [name, arbitrary(each, inner)]));
  const named = fc.record(fields, { requiredKeys: making.complete ? Object.keys(fields) : required });
  const { additionalProperties: more } = schema;
  if (more === undefined || typeof more === 'boolean') return named;
  const names =
    schema.propertyNames === undefined ? fc.stringMatching(/^[a-z]{1,8}$/) : arbitrary(schema.propertyNames, inner);
  const others = fc.array(fc.tuple(names, arbitrary(more, inner)), {
    maxLength: 2,
    minLength: making.complete ? 1 : 0,
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
  // The strictest pattern is the one that says most; of "no NUL" and "not blank" each is met by most texts.
  const patterns = [schema.pattern, ...(schema.allOf ?? []).map(patternOf)].filter((each) => each !== undefined);
  const pattern = patterns.filter((each) => each.startsWith('^') && !each.startsWith('^[^')).at(-1);
  if (pattern !== undefined) return matching(pattern).map((each) => each.slice(0, schema.maxLength));
  return fc.string({ unit: 'grapheme', minLength, maxLength: Math.max(1, maxLength) });
}

/** To make one of a long expression takes a tenth of a second, and each request that is made up wants it again. */
const MATCHING = new Map<string, fc.Arbitrary<string>>();

function matching(pattern: string): fc.Arbitrary<string> {
  const made = MATCHING.get(pattern) ?? fc.stringMatching(new RegExp(pattern));
  MATCHING.set(pattern, made);
  return made;
}

function patternOf(schema: z.core.JSONSchema._JSONSchema): string | undefined {
  return typeof schema === 'boolean' ? undefined : schema.pattern;
}

function toDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}
