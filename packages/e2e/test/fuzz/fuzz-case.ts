import { parse } from 'node:querystring';
import type { Route } from '@aion/contracts';
import type { z } from 'zod';

/** A request with its expected result. */
export interface FuzzCase {
  readonly name: string;
  readonly method: string;
  /** Encoded path with query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | string | undefined;
  /** Decoded path parameters; without them the contract does not apply to the request. */
  readonly params?: Readonly<Record<string, string>>;
  /** True: the request has no valid credentials and must be rejected. */
  readonly unauthorized?: boolean;
}

/** Violation of a contract by a request: the invalid locations as JSON Pointers (RFC 6901). */
export interface Violation {
  readonly part: 'path' | 'query' | 'body';
  readonly pointers: readonly string[];
}

/** Validates a request by its contract in the order of a server: path, query, body. */
export function findViolation(route: Route, { params, path, body }: FuzzCase): Violation | undefined {
  if (params === undefined) return undefined;
  const query = { ...parse(path.split('?')[1] ?? '') };
  return (
    validatePart(route.params, params, 'path') ??
    validatePart(route.query, query, 'query') ??
    (route.body === undefined ? undefined : validatePart(route.body, parseJson(body), 'body'))
  );
}

function validatePart(schema: z.ZodType | undefined, value: unknown, part: Violation['part']): Violation | undefined {
  const result = schema?.safeParse(value);
  if (result === undefined || result.success) return undefined;
  const pointers = result.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => toPointer([...issue.path, key]))
      : toPointer(issue.path),
  );
  return { part, pointers };
}

function toPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function parseJson(body: Buffer | string | undefined): unknown {
  try {
    return JSON.parse(String(body ?? ''));
  } catch {
    // No contract accepts undefined, so it cannot be confused with a value.
    return undefined;
  }
}
