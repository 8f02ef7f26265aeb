import { InvalidArgumentError, Option } from 'commander';
import type { z } from 'zod';
import { findExample, toFieldSchema, type FieldSchema } from './field-schema.ts';

/** Field of a query or a body, and the options that set it. */
export interface SchemaFlag {
  /** `expires_at`. */
  readonly field: string;
  /** `--expires-at <time>`, and `--no-expires-at` if the field is nullable. */
  readonly options: readonly Option[];
  /** Value of the negated option: null, or false for a boolean. */
  readonly negative: null | false;
}

/** Options of `createSchemaFlags`. */
export interface SchemaFlagsOptions {
  /** The body is an update: an absent field keeps its value, so that null needs a flag of its own, `--no-expires-at`. */
  readonly isUpdate: boolean;
}

/** Creates the flags of an object's fields. Fields that contain objects have none: they are passed as JSON by `--body`. */
export function createSchemaFlags(schema: z.ZodType, { isUpdate }: SchemaFlagsOptions): SchemaFlag[] {
  const { properties = {}, required = [] } = toFieldSchema(schema, 'input');
  return Object.entries(properties).flatMap(([field, property]) => {
    const { schema: value, isNullable } = withoutNull(property);
    const isRequired = required.includes(field);
    const main = createOption(field, value, describe(field, property, value, isRequired));
    if (main === undefined) return [];
    const negative = value.type === 'boolean' ? false : null;
    const isNegatable = value.type === 'boolean' || (isUpdate && isNullable);
    const negated = new Option(
      `--no-${toFlag(field, value)}`,
      value.type === 'boolean' ? 'set to false' : 'set to null',
    );
    return [{ field, options: isNegatable ? [main, negated] : [main], negative }];
  });
}

function withoutNull(schema: FieldSchema): { readonly schema: FieldSchema; readonly isNullable: boolean } {
  const variants = schema.anyOf?.filter(({ type }) => type !== 'null') ?? [];
  const [only] = variants;
  if (schema.anyOf === undefined || only === undefined) return { schema, isNullable: false };
  const isNullable = variants.length < schema.anyOf.length;
  const constants = variants.flatMap((variant) => (variant.const === undefined ? [] : [variant.const]));
  if (constants.length === variants.length) return { schema: { type: 'string', enum: constants }, isNullable };
  return { schema: variants.length === 1 ? only : {}, isNullable };
}

function createOption(field: string, schema: FieldSchema, description: string): Option | undefined {
  const flag = `--${toFlag(field, schema)}`;
  const item = schema.type === 'array' ? schema.items : schema;
  if (item === undefined) return undefined;
  const choices = item.enum?.map(String);
  switch (item.type) {
    case 'boolean':
      return schema.type === 'array' ? undefined : new Option(flag, description);
    case 'string':
    case 'integer':
    case 'number': {
      const option = new Option(`${flag} <${placeholder(item)}>`, description);
      if (choices !== undefined) option.argChoices = choices;
      option.argParser(createParser(item, choices, schema.type === 'array'));
      return option;
    }
    default:
      return undefined;
  }
}

function createParser(item: FieldSchema, choices: readonly string[] | undefined, isList: boolean) {
  return (text: string, previous: unknown): unknown => {
    if (choices !== undefined && !choices.includes(text)) {
      throw new InvalidArgumentError(`Choose one of: ${choices.join(', ')}.`);
    }
    const value = item.type === 'string' ? text : parseNumber(text, item.type === 'integer');
    if (!isList) return value;
    return Array.isArray(previous) ? [...(previous as readonly unknown[]), value] : [value];
  };
}

function parseNumber(text: string, isInteger: boolean): number {
  const value = Number(text);
  if (text.trim() !== '' && (isInteger ? Number.isSafeInteger(value) : Number.isFinite(value))) return value;
  throw new InvalidArgumentError(`Pass ${isInteger ? 'an integer' : 'a number'}.`);
}

/** Returns the name of a flag. That of a list is singular, since each use adds one item: `--scope` for `scopes`. */
function toFlag(field: string, schema: FieldSchema): string {
  const name = schema.type === 'array' ? field.replace(/ies$/, 'y').replace(/s$/, '') : field;
  return name.replaceAll('_', '-');
}

function placeholder({ type, format, enum: choices }: FieldSchema): string {
  if (choices !== undefined) return 'choice';
  if (type === 'integer' || type === 'number') return 'n';
  const names: Readonly<Record<string, string>> = { 'date-time': 'time', date: 'date', uuid: 'id', uri: 'url' };
  return names[format ?? ''] ?? 'text';
}

function describe(field: string, property: FieldSchema, value: FieldSchema, isRequired: boolean): string {
  const text = property.description ?? value.description ?? value.items?.description;
  // The description of a format does not describe the field.
  const isSpecific = text !== undefined && value.format !== 'uuid' && value.format !== 'date-time';
  const isOfField = isSpecific || (property.description !== undefined && property.description !== value.description);
  const sentence = text !== undefined && isOfField ? firstSentence(text) : field.replaceAll('_', ' ');
  const example = findExample(property);
  const notes = [
    ...(isRequired ? ['required'] : []),
    ...(value.type === 'array' ? ['repeatable'] : []),
    ...(property.default === undefined ? [] : [`default ${JSON.stringify(property.default)}`]),
    ...(example === undefined || value.format === 'uuid' ? [] : [`such as ${example}`]),
  ];
  return [sentence, ...(notes.length === 0 ? [] : [`(${notes.join('; ')})`])].filter(Boolean).join(' ');
}

function firstSentence(text: string): string {
  const sentence = /^.*?[.](?=\s|$)/s.exec(text)?.[0] ?? text;
  return sentence.replace(/\.$/, '').replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase());
}
