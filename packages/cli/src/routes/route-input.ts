import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fillPath, type Route } from '@aion/contracts';
import type { z } from 'zod';
import { UsageError } from '../usage-error.ts';
import { exampleOf, toFieldSchema } from './field-schema.ts';
import type { SchemaFlag } from './schema-flags.ts';

/** The fields that flags gave, as the API expects them. */
export function readFlags(
  flags: readonly SchemaFlag[],
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const given = flags.flatMap(({ field, options, negative }) => {
    const [main] = options;
    const value = main === undefined ? undefined : values[main.attributeName()];
    return value === undefined ? [] : [[field, value === false ? negative : value] as const];
  });
  return Object.fromEntries(given);
}

/** Reads the JSON object of `--body`; `-` is standard input. @throws UsageError */
export async function readBodyFile(file: string | undefined): Promise<Readonly<Record<string, unknown>>> {
  if (file === undefined) return {};
  try {
    const body: unknown = JSON.parse(file === '-' ? await text(process.stdin) : await readFile(file, 'utf8'));
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body };
    throw new Error('it is no object');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--body ${file} does not hold a JSON object: ${reason}`, { cause: error });
  }
}

/** Fills the arguments of a command into the path of its route. @throws UsageError that names each invalid argument */
export function fillPathFromArgs(route: Route, args: readonly string[]): string {
  const names = pathParams(route.path);
  const params = Object.fromEntries(names.map((name, index) => [name, args[index]]));
  const problems = problemsOf(route.params, params, (name) => `<${name.replaceAll('_', '-')}>`);
  if (problems.length > 0) throw new UsageError(problems.join('\nerror: '));
  return fillPath(route, params);
}

/** The names of a path's parameters, in their order. */
export function pathParams(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
}

/** Holds what is about to be sent against the contract. @throws UsageError that names each wrong flag */
export function checkInput(schema: z.ZodType | undefined, input: unknown, flags: readonly SchemaFlag[]): void {
  const problems = problemsOf(schema, input, (name) => {
    const [main] = flags.find(({ field }) => field === name)?.options ?? [];
    return main?.long ?? `--body: ${name}`;
  });
  if (problems.length > 0) throw new UsageError(problems.join('\nerror: '));
}

function problemsOf(schema: z.ZodType | undefined, input: unknown, nameOf: (field: string) => string): string[] {
  const { issues = [] } = schema?.safeParse(input).error ?? {};
  if (schema === undefined || issues.length === 0) return [];
  const { properties = {} } = toFieldSchema(schema, 'input');
  return issues.map(({ path: [field, ...inner], message }) => {
    if (typeof field !== 'string') return message;
    const isMissing = inner.length === 0 && typeof input === 'object' && input !== null && !(field in input);
    const name = [nameOf(field), ...inner.map(String)].join('/');
    const example = exampleOf(properties[field] ?? {});
    return `${isMissing ? `${name} is required` : `${name}: ${message}`}${example === undefined ? '' : `, such as ${example}`}`;
  });
}
