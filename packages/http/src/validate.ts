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
  const places = issues.flatMap(toPlaces);
  const fields = places.map(toFieldProblem);
  const param = toPath(places[0]?.path ?? []);
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

/** A field that is wrong. */
interface Place {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** zod says of unknown fields in which object they are: each is wrong itself. */
function toPlaces(issue: z.core.$ZodIssue): readonly Place[] {
  if (issue.code !== 'unrecognized_keys') return [issue];
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'There is no such field' }));
}

function toFieldProblem({ path, message }: Place): FieldProblem {
  const pointer = path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return { pointer, detail: message };
}

/** `messages[0].role`, as callers of OpenAI's API know it. */
function toPath(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}
