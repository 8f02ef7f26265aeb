import { InvalidRequestError, type FieldProblem } from '@aion/errors';
import type { z } from 'zod';

/** Part of a request that a value belongs to. */
export type RequestPart = 'path' | 'query' | 'body';

/**
 * Validates a part of a request against its schema.
 * @throws InvalidRequestError that names the first invalid field and lists all of them with JSON Pointers (RFC 6901)
 */
export function validate<T>(schema: z.ZodType<T> | undefined, value: unknown, part: RequestPart): T | undefined {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues;
  const invalid = issues.flatMap(toInvalidFields);
  const fields = invalid.map(toFieldProblem);
  const param = toParam(invalid[0]?.path ?? []);
  const subject = param === '' ? `The ${part}` : `${param} (in the ${part})`;
  throw new InvalidRequestError(`${subject} is not valid: ${fields[0]?.detail ?? 'unknown problem'}.`, {
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

/** Invalid field. */
interface InvalidField {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Converts an issue to its fields: zod reports unknown fields by the object that contains them. */
function toInvalidFields(issue: z.core.$ZodIssue): readonly InvalidField[] {
  if (issue.code !== 'unrecognized_keys') return [issue];
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'Unknown field' }));
}

function toFieldProblem({ path, message }: InvalidField): FieldProblem {
  const pointer = path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return { pointer, detail: message };
}

/** Formats a path as in errors of OpenAI's API: `messages[0].role`. */
function toParam(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}
