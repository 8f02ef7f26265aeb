import type { Route } from '@aion/contracts';
import { HOSTILE_TEXTS, HOSTILE_VALUES } from './hostile-values.ts';
import { listLocations, listObjectLocations, removeAt, replaceAt, type Location } from './mutate.ts';

/** Parts of a request before serialization. */
export interface RequestParts {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

type NamedParts = readonly [name: string, parts: RequestParts];

/** Kinds of invalid values that every body field is tested with: missing, null, other types, too large, unusual. */
export const BASIC_KINDS = ['missing', 'null', 'true', 'object', 'huge text', 'emoji', 'NUL inside'] as const;
/** Kinds of invalid values that every parameter and every complete body is tested with. */
const OTHER_BASIC_KINDS = ['extra', 'unknown parameter', 'twice', 'empty text', 'long'];

/** Requests that violate the contract of a route. */
export interface InvalidRequests {
  /** Each location with each basic kind. */
  readonly basic: readonly NamedParts[];
  readonly others: readonly NamedParts[];
}

/** Creates requests that differ from a valid one in one parameter or field. */
export function createInvalidRequests(route: Route, base: RequestParts): InvalidRequests {
  const all = [...createInvalidParams(base), ...createInvalidQueries(route, base), ...createInvalidBodies(route, base)];
  const kinds: readonly string[] = [...BASIC_KINDS, ...OTHER_BASIC_KINDS];
  const { basic = [], others = [] } = Object.groupBy(all, ([name]) =>
    kinds.some((kind) => name.endsWith(`: ${kind}`)) ? 'basic' : 'others',
  );
  return { basic, others };
}

function createInvalidParams(base: RequestParts): NamedParts[] {
  const values = [...HOSTILE_TEXTS, ['long', 'x'.repeat(4_000)] as const];
  return Object.keys(base.params).flatMap((name) =>
    values
      .filter(([, value]) => value !== '' && value !== '../../..')
      .map(([kind, value]): NamedParts => [
        `path ${name}: ${kind}`,
        { ...base, params: { ...base.params, [name]: String(value).toWellFormed() } },
      ]),
  );
}

function createInvalidQueries(route: Route, base: RequestParts): NamedParts[] {
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
      ...values.map(([kind, value]): NamedParts => [
        `query ${name}: ${kind}`,
        { ...base, query: { ...base.query, [name]: value } },
      ]),
    ])
    .concat(extra);
}

function createInvalidBodies(route: Route, base: RequestParts): NamedParts[] {
  if (route.body === undefined) return [];
  const { body } = base;
  const named = (kind: string, at: Location, value: unknown): NamedParts => [
    `body /${at.join('/')}: ${kind}`,
    { ...base, body: value },
  ];
  return [
    ...listLocations(body).flatMap((at) =>
      HOSTILE_VALUES.map(([kind, value]) => named(kind, at, replaceAt(body, at, value))),
    ),
    ...listLocations(body)
      .filter((at) => at.length > 0)
      .map((at) => named('missing', at, removeAt(body, at))),
    ...listObjectLocations(body).map((at) => named('extra', at, replaceAt(body, [...at, 'unexpected/~field'], 'x'))),
  ];
}

function without(record: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
}
