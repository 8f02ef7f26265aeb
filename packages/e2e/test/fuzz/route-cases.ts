import { CALLER_HEADER, fillPath, type Route } from '@aion/contracts';
import fc from 'fast-check';
import type { z } from 'zod';
import type { FuzzCase } from './fuzz-case.ts';
import { HOSTILE_VALUES } from './hostile-values.ts';
import type { KnownIds } from './known-ids.ts';
import { listLocations, replaceAt } from './mutate.ts';
import { createArbitrary, toInputSchema } from '@aion/testkit';
import { createMalformedRequests } from './malformed-requests.ts';
import { createInvalidRequests, type RequestParts } from './wrong-requests.ts';

type Headers = Readonly<Record<string, string>>;

/** Options of {@link createCases}. */
export interface CaseOptions {
  readonly seed: number;
  /** Number of valid requests. */
  readonly validRuns: number;
  /** Maximum number of requests with one invalid field; the basic ones are sent in addition. */
  readonly maxWrong: number;
  /** Maximum number of malformed requests. */
  readonly maxMalformed: number;
  /** Headers of callers with access; the first one sends the invalid requests. */
  readonly allowed: readonly [Headers, ...Headers[]];
  /** Headers of callers without access, by reason. */
  readonly rejected: Readonly<Record<string, Headers>>;
  readonly ids: KnownIds;
  /** Values that cannot be generated from a schema, by field name. */
  readonly fixtures: Readonly<Record<string, unknown>>;
}

/** Creates all requests for a route. @throws Error if no generated value satisfies its contract */
export function createCases(route: Route, options: CaseOptions): readonly FuzzCase[] {
  const valid = Array.from({ length: options.validRuns }, (_, at) => createParts(route, options, at, at % 2 === 1));
  const base = createParts(route, options, options.validRuns, true);
  const wrong = createInvalidRequests(route, base);
  const [first, ...others] = options.allowed;
  const good = toCase(route, first, '', base);
  return [
    ...valid.map((parts, at) => toCase(route, first, `valid ${at}`, parts)),
    ...others.flatMap((headers) => valid.map((parts, at) => toCase(route, headers, `valid ${at} of another`, parts))),
    ...wrong.basic.map(([name, parts]) => toCase(route, first, name, parts)),
    ...sample(wrong.others, options.maxWrong, options.seed).map(([name, parts]) => toCase(route, first, name, parts)),
    ...sample(createMalformedRequests(good, good.body !== undefined), options.maxMalformed, options.seed),
    ...sample(createInvalidCallers(good), options.maxMalformed, options.seed),
    ...Object.entries(options.rejected).map(([lack, headers]) => toUnauthorized(good, lack, headers)),
  ];
}

/** Selects at most `max` elements by the seed. */
function sample<T>(all: readonly T[], max: number, seed: number): readonly T[] {
  if (all.length <= max) return all;
  const some = fc.shuffledSubarray([...all], { minLength: max, maxLength: max });
  return fc.sample(some, { seed, numRuns: 1 })[0] ?? [];
}

function createParts(route: Route, options: CaseOptions, at: number, complete: boolean): RequestParts {
  const seed = options.seed + at;
  const params = createValidValue(route.params, { route, options, seed, complete });
  const query = createValidValue(route.query, { route, options, seed, complete });
  const body = createValidValue(route.body, { route, options, seed, complete });
  // The contracts of paths and queries are objects.
  return { params: toTexts(params ?? {}), query: (query ?? {}) as Readonly<Record<string, unknown>>, body };
}

interface ValueOptions {
  readonly route: Route;
  readonly options: CaseOptions;
  readonly seed: number;
  readonly complete: boolean;
}

const ATTEMPTS = 50;

/** Generates a value that satisfies the contract, with real ids if known. */
function createValidValue(schema: z.ZodType | undefined, { route, options, seed, complete }: ValueOptions): unknown {
  if (schema === undefined) return undefined;
  const input = toInputSchema(schema);
  const isValid = (value: unknown): boolean => schema.safeParse(value).success;
  const make = (all: boolean, numRuns: number): unknown[] =>
    fc.sample(createArbitrary(input, { complete: all }), { seed, numRuns });
  // Most schemas accept the first value; more are generated only if it is invalid.
  const first = withKnownIds(make(complete, 1)[0], route, options, seed);
  if (isValid(first)) return first;
  // Not all fields can be present if some exclude each other.
  const made = [complete, false].flatMap((all) => make(all, ATTEMPTS));
  const candidates = [...made.map((value) => withKnownIds(value, route, options, seed)), ...made];
  const valid = candidates.find(isValid);
  if (valid === undefined)
    throw new Error(`No value generated for ${route.name} is valid: ${JSON.stringify(candidates[0])}`);
  return valid;
}

function withKnownIds(value: unknown, route: Route, { ids, fixtures }: CaseOptions, seed: number): unknown {
  // Some requests use ids that do not exist.
  if (typeof value !== 'object' || value === null || Array.isArray(value) || seed % 5 === 4) return value;
  const fields = Object.entries(value).map(([name, each]: [string, unknown]) => {
    const known = ids.of(route.path, name);
    const fixture = fixtures[name];
    if (fixture !== undefined && (known.length === 0 || seed % 2 === 0)) return [name, fixture] as const;
    return [name, known.length > 0 ? known[seed % known.length] : each] as const;
  });
  // Omit unknown cursors and ids, which are rejected; use short pages, so that there is a next one.
  const isUnknown = (name: string): boolean =>
    (name === 'cursor' ||
      (name.endsWith('_id') && !route.path.includes(`{${name}}`) && fixtures[name] === undefined)) &&
    ids.of(route.path, name).length === 0;
  return Object.fromEntries(
    fields
      .filter(([name]) => !isUnknown(name))
      .map(([name, each]) => [name, name === 'limit' && seed % 2 === 0 ? 1 : each]),
  );
}

/** Creates requests with one invalid value in the caller header, which is not part of the contract. */
function createInvalidCallers(good: FuzzCase): FuzzCase[] {
  const { params: _params, ...withoutContract } = good;
  const header = good.headers[CALLER_HEADER];
  if (header === undefined) return [];
  const caller: unknown = JSON.parse(Buffer.from(header, 'base64url').toString());
  return listLocations(caller).flatMap((at) =>
    HOSTILE_VALUES.filter(([kind]) => !kind.startsWith('huge')).map(([kind, value]) => {
      const sent = Buffer.from(JSON.stringify(replaceAt(caller, at, value))).toString('base64url');
      return {
        ...withoutContract,
        name: `caller /${at.join('/')}: ${kind}`,
        headers: { ...good.headers, [CALLER_HEADER]: sent },
      };
    }),
  );
}

function toUnauthorized(good: FuzzCase, lack: string, headers: Headers): FuzzCase {
  const { 'content-type': type } = good.headers;
  const sent = type === undefined ? headers : { ...headers, 'content-type': type };
  return { ...good, name: `credentials: ${lack}`, headers: sent, unauthorized: true };
}

function toCase(route: Route, credentials: Headers, name: string, { params, query, body }: RequestParts): FuzzCase {
  const path = fillPath(route, params);
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).map((each): [string, string] => [key, String(each)]),
  );
  const search = new URLSearchParams(pairs).toString();
  const headers = { ...credentials, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  return {
    name,
    method: route.method,
    path: search === '' ? path : `${path}?${search}`,
    headers,
    body: route.upload === true ? `bytes of ${name}` : route.body === undefined ? undefined : JSON.stringify(body),
    params,
  };
}

function toTexts(value: object): Record<string, string> {
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, String(each)]));
}
