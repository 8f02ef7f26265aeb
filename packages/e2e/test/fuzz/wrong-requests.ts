import type { Route } from '@aion/contracts';
import { HOSTILE_TEXTS, HOSTILE_VALUES } from './hostile-values.ts';
import { locationsOf, objectLocationsOf, removeAt, replaceAt, type Location } from './mutate.ts';

/** A request in parts. */
export interface RequestParts {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

type NamedParts = readonly [name: string, parts: RequestParts];

/** How every field of a body is wrong at least: not there, nothing, of two other types, too large, odd characters. */
export const BASIC_KINDS = ['missing', 'null', 'true', 'object', 'huge text', 'emoji', 'NUL inside'] as const;
/** Likewise, of parameters, and of bodies as a whole. */
const ALSO_BASIC = ['extra', 'unknown parameter', 'twice', 'empty text', 'long'];

/** What a route is tried with that its contract does not take. */
export interface WrongRequests {
  /** Each place with each kind that is basic. */
  readonly basic: readonly NamedParts[];
  readonly others: readonly NamedParts[];
}

/** Requests that differ from a good one in one place: each parameter and each field with everything that is not it. */
export function wrongRequests(route: Route, base: RequestParts): WrongRequests {
  const all = [...wrongParams(base), ...wrongQueries(route, base), ...wrongBodies(route, base)];
  const kinds: readonly string[] = [...BASIC_KINDS, ...ALSO_BASIC];
  const { basic = [], others = [] } = Object.groupBy(all, ([name]) =>
    kinds.some((kind) => name.endsWith(`: ${kind}`)) ? 'basic' : 'others',
  );
  return { basic, others };
}

function wrongParams(base: RequestParts): NamedParts[] {
  const values = [...HOSTILE_TEXTS, ['long', 'x'.repeat(4_000)] as const];
  return Object.keys(base.params).flatMap((name) =>
    values
      .filter(([, value]) => value !== '' && value !== '../../..')
      .map(([what, value]): NamedParts => [
        `path ${name}: ${what}`,
        { ...base, params: { ...base.params, [name]: String(value).toWellFormed() } },
      ]),
  );
}

function wrongQueries(route: Route, base: RequestParts): NamedParts[] {
  const values = [...HOSTILE_TEXTS, ['long', 'x'.repeat(4_000)] as const, ['negative', '-1'] as const];
  const extra: NamedParts[] = [
    ['query: unknown parameter', { ...base, query: { ...base.query, unknown_parameter: 'x' } }],
  ];
  if (route.query === undefined) return extra;
  return Object.keys(base.query)
    .flatMap((name): NamedParts[] => [
      [`query ${name}: missing`, { ...base, query: without(base.query, name) }],
      [`query ${name}: twice`, { ...base, query: { ...base.query, [name]: [base.query[name], base.query[name]] } }],
      [
        `query ${name}: in brackets`,
        { ...base, query: { ...without(base.query, name), [`${name}[]`]: base.query[name] } },
      ],
      ...values.map(([what, value]): NamedParts => [
        `query ${name}: ${what}`,
        { ...base, query: { ...base.query, [name]: value } },
      ]),
    ])
    .concat(extra);
}

function wrongBodies(route: Route, base: RequestParts): NamedParts[] {
  if (route.body === undefined) return [];
  const { body } = base;
  const named = (what: string, at: Location, value: unknown): NamedParts => [
    `body /${at.join('/')}: ${what}`,
    { ...base, body: value },
  ];
  return [
    ...locationsOf(body).flatMap((at) =>
      HOSTILE_VALUES.map(([what, value]) => named(what, at, replaceAt(body, at, value))),
    ),
    ...locationsOf(body)
      .filter((at) => at.length > 0)
      .map((at) => named('missing', at, removeAt(body, at))),
    ...objectLocationsOf(body).map((at) => named('extra', at, replaceAt(body, [...at, 'unexpected/~field'], 'x'))),
  ];
}

function without(record: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
}
