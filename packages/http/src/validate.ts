import { InvalidRequestError, type FieldProblem } from '@aion/errors';
import type { z } from 'zod';

/** Where a value stood in the request. */
export type RequestPart = 'path' | 'query' | 'body';

/**
 * Parses a part of a request by its schema.
 * @throws InvalidRequestError that names the first wrong field and lists all of them with JSON Pointers (RFC 6901)
 */
export function validate<T>(schema: z.ZodType<T> | undefined, value: unknown, part: RequestPart): T | undefined {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues;
  const fields = issues.map(toFieldProblem);
  const first = issues[0];
  const param = first === undefined ? '' : toPath(first.path);
  const where = param === '' ? `The ${part}` : `${param} (in the ${part})`;
  throw new InvalidRequestError(`${where} is not valid: ${fields[0]?.detail ?? 'unknown problem'}.`, {
    ...(param === '' ? {} : { param }),
    fields,
  });
}

/** Parses a JSON body. @throws InvalidRequestError */
export function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) throw new InvalidRequestError('The body is empty: send a JSON document.');
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/, ".*$/s, '') : 'unknown problem';
    throw new InvalidRequestError(`The body is not valid JSON: ${reason}.`, { cause: error });
  }
}

function toFieldProblem(issue: z.core.$ZodIssue): FieldProblem {
  const pointer = issue.path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return { pointer, detail: issue.message };
}

/** `messages[0].role`, as callers of OpenAI's API know it. */
function toPath(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}
