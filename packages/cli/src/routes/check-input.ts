import { fillPath, type Route } from '@aion/contracts';
import type { z } from 'zod';
import { UsageError } from '../usage-error.ts';
import { findExample, toFieldSchema } from './field-schema.ts';
import type { SchemaFlag } from './schema-flags.ts';

/** Validates a query or a body against its contract. @throws UsageError that names each invalid flag */
export function checkInput(schema: z.ZodType | undefined, input: unknown, flags: readonly SchemaFlag[]): void {
  const problems = listProblems(schema, input, (name) => {
    const [main] = flags.find(({ field }) => field === name)?.options ?? [];
    return main?.long ?? `--body: ${name}`;
  });
  if (problems.length > 0) throw new UsageError(problems.join('\nerror: '));
}

/** Fills the arguments of a command into the path of its route. @throws UsageError that names each invalid argument */
export function fillPathFromArgs(route: Route, args: readonly string[]): string {
  const names = listPathParams(route.path);
  const params = Object.fromEntries(names.map((name, index) => [name, args[index]]));
  const problems = listProblems(route.params, params, (name) => `<${name.replaceAll('_', '-')}>`);
  if (problems.length > 0) throw new UsageError(problems.join('\nerror: '));
  return fillPath(route, params);
}

/** Lists the names of a path's parameters in their order. */
export function listPathParams(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
}

function listProblems(schema: z.ZodType | undefined, input: unknown, toName: (field: string) => string): string[] {
  const { issues = [] } = schema?.safeParse(input).error ?? {};
  if (schema === undefined || issues.length === 0) return [];
  const { properties = {} } = toFieldSchema(schema, 'input');
  return issues.map(({ path: [field, ...inner], message }) => {
    if (typeof field !== 'string') return message;
    const isMissing = inner.length === 0 && typeof input === 'object' && input !== null && !(field in input);
    const name = [toName(field), ...inner.map(String)].join('/');
    const problem = isMissing ? `${name} is required` : `${name}: ${message}`;
    const example = findExample(properties[field] ?? {});
    return example === undefined ? problem : `${problem}, such as ${example}`;
  });
}
