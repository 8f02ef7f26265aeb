import { CALLER_HEADER, fillPath, type Route } from '@aion/contracts';
import fc from 'fast-check';
import type { z } from 'zod';
import type { FuzzCase } from './fuzz-case.ts';
import { HOSTILE_VALUES } from './hostile-values.ts';
import type { KnownIds } from './known-ids.ts';
import { locationsOf, replaceAt } from './mutate.ts';
import { createArbitrary, toInputSchema } from '@aion/testkit';
import { malformedRequests } from './malformed-requests.ts';
import { wrongRequests, type RequestParts } from './wrong-requests.ts';

type Headers = Readonly<Record<string, string>>;

/** What cases are made from. */
export interface CaseOptions {
  readonly seed: number;
  /** Valid requests of a route. */
  readonly validRuns: number;
  /** Requests with a wrong field, but for the basic ones, which are all sent; of more a part is chosen by the seed. */
  readonly maxWrong: number;
  /** Likewise, of those that are wrong as a whole. */
  readonly maxMalformed: number;
  /** The headers of those who may call; the first one sends what is wrong. */
  readonly allowed: readonly [Headers, ...Headers[]];
  /** The headers of those who may not, by what they lack. */
  readonly refused: Readonly<Record<string, Headers>>;
  readonly ids: KnownIds;
  /** Values that no schema can tell, by the name of their field. */
  readonly fixtures: Readonly<Record<string, unknown>>;
}

/** Every request that a route is to be tried with. @throws Error when its contract takes none of the values made for it */
export function casesOf(route: Route, options: CaseOptions): readonly FuzzCase[] {
  const valid = Array.from({ length: options.validRuns }, (_, at) => partsOf(route, options, at, at % 2 === 1));
  const base = partsOf(route, options, options.validRuns, true);
  const wrong = wrongRequests(route, base);
  const [first, ...others] = options.allowed;
  const good = toCase(route, first, '', base);
  return [
    ...valid.map((parts, at) => toCase(route, first, `valid ${at}`, parts)),
    ...others.flatMap((headers) => valid.map((parts, at) => toCase(route, headers, `valid ${at} of another`, parts))),
    ...[...wrong.basic, ...sample(wrong.others, options.maxWrong, options.seed)].map(([name, parts]) =>
      toCase(route, first, name, parts),
    ),
    ...sample(malformedRequests(good, good.body !== undefined), options.maxMalformed, options.seed),
    ...sample(wrongCallers(good), options.maxMalformed, options.seed),
    ...Object.entries(options.refused).map(([lack, headers]) => toRefused(good, lack, headers)),
  ];
}

/** As many as are wanted, chosen by the seed. */
function sample<T>(all: readonly T[], wanted: number, seed: number): readonly T[] {
  if (all.length <= wanted) return all;
  const some = fc.shuffledSubarray([...all], { minLength: wanted, maxLength: wanted });
  return fc.sample(some, { seed, numRuns: 1 })[0] ?? [];
}

function partsOf(route: Route, options: CaseOptions, at: number, complete: boolean): RequestParts {
  const seed = options.seed + at;
  const params = validValue(route.params, { route, options, seed, complete });
  const query = validValue(route.query, { route, options, seed, complete });
  const body = validValue(route.body, { route, options, seed, complete });
  // The contracts of paths and queries are objects.
  return { params: toTexts(params ?? {}), query: (query ?? {}) as Readonly<Record<string, unknown>>, body };
}

interface Wanted {
  readonly route: Route;
  readonly options: CaseOptions;
  readonly seed: number;
  readonly complete: boolean;
}

const ATTEMPTS = 50;

/** A value that the contract takes, with real ids where there are some. */
function validValue(schema: z.ZodType | undefined, { route, options, seed, complete }: Wanted): unknown {
  if (schema === undefined) return undefined;
  const input = toInputSchema(schema);
  const isValid = (value: unknown): boolean => schema.safeParse(value).success;
  const make = (all: boolean, numRuns: number): unknown[] =>
    fc.sample(createArbitrary(input, { complete: all }), { seed, numRuns });
  // Most schemas take the first value; the others are made only if this one is not valid.
  const first = withKnown(make(complete, 1)[0], route, options, seed);
  if (isValid(first)) return first;
  // Of fields that exclude each other, not all can be there.
  const made = [complete, false].flatMap((all) => make(all, ATTEMPTS));
  const candidates = [...made.map((value) => withKnown(value, route, options, seed)), ...made];
  const valid = candidates.find(isValid);
  if (valid === undefined)
    throw new Error(`Nothing that was made for ${route.name} is valid: ${JSON.stringify(candidates[0])}`);
  return valid;
}

function withKnown(value: unknown, route: Route, { ids, fixtures }: CaseOptions, seed: number): unknown {
  // Now and then something that is not there.
  if (typeof value !== 'object' || value === null || Array.isArray(value) || seed % 5 === 4) return value;
  const fields = Object.entries(value).map(([name, each]: [string, unknown]) => {
    const known = ids.of(route.path, name);
    const fixture = fixtures[name];
    if (fixture !== undefined && (known.length === 0 || seed % 2 === 0)) return [name, fixture] as const;
    return [name, known.length > 0 ? known[seed % known.length] : each] as const;
  });
  // A cursor or an id that nobody has given is refused, and short pages have a next one.
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

/** What database-gateway is told of the caller, with everything wrong in turn; it is no part of the contract. */
function wrongCallers(good: FuzzCase): FuzzCase[] {
  const { params: _params, ...loose } = good;
  const header = good.headers[CALLER_HEADER];
  if (header === undefined) return [];
  const caller: unknown = JSON.parse(Buffer.from(header, 'base64url').toString());
  return locationsOf(caller).flatMap((at) =>
    HOSTILE_VALUES.filter(([what]) => !what.startsWith('huge')).map(([what, value]) => {
      const sent = Buffer.from(JSON.stringify(replaceAt(caller, at, value))).toString('base64url');
      return {
        ...loose,
        name: `caller /${at.join('/')}: ${what}`,
        headers: { ...good.headers, [CALLER_HEADER]: sent },
      };
    }),
  );
}

function toRefused(good: FuzzCase, lack: string, headers: Headers): FuzzCase {
  const { 'content-type': type } = good.headers;
  const sent = type === undefined ? headers : { ...headers, 'content-type': type };
  return { ...good, name: `credentials: ${lack}`, headers: sent, refused: true };
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
