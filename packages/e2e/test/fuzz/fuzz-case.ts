import { parse } from 'node:querystring';
import type { Route } from '@aion/contracts';
import type { z } from 'zod';

/** One request, and what it is held to. */
export interface FuzzCase {
  readonly name: string;
  readonly method: string;
  /** With its query, encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | string | undefined;
  /** What the path's parameters are once they are decoded; without it the contract says nothing about the request. */
  readonly params?: Readonly<Record<string, string>>;
  /** The request carries no credentials, or bad ones. */
  readonly refused?: boolean;
}

/** Why the contract refuses a request: the places of what is wrong, as JSON Pointers (RFC 6901). */
export interface Refusal {
  readonly part: 'path' | 'query' | 'body';
  readonly pointers: readonly string[];
}

/** Applies a contract to a request as a server must: path, then query, then body. */
export function refusalOf(route: Route, { params, path, body }: FuzzCase): Refusal | undefined {
  if (params === undefined) return undefined;
  const query = { ...parse(path.split('?')[1] ?? '') };
  return (
    issuesOf(route.params, params, 'path') ??
    issuesOf(route.query, query, 'query') ??
    (route.body === undefined ? undefined : issuesOf(route.body, parseJson(body), 'body'))
  );
}

function issuesOf(schema: z.ZodType | undefined, value: unknown, part: Refusal['part']): Refusal | undefined {
  const result = schema?.safeParse(value);
  if (result === undefined || result.success) return undefined;
  const pointers = result.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => pointerOf([...issue.path, key]))
      : pointerOf(issue.path),
  );
  return { part, pointers };
}

function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function parseJson(body: Buffer | string | undefined): unknown {
  try {
    return JSON.parse(String(body ?? ''));
  } catch {
    // No contract takes it: what is not there cannot be confused with a value.
    return undefined;
  }
}
