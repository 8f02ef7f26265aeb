/**
 * Sets of label values that a running process knows, and the catalogue does not: each is bounded, by what is said here,
 * and by the most values that a process ever exposes. Whatever comes after that is `other`.
 */
export const BOUNDED_SETS = {
  route: { description: "a path template of the service's contract, or `unmatched`", maxValues: 100 },
  status: { description: 'an HTTP status of three digits', maxValues: 40 },
  client_status: { description: 'an HTTP status of three digits, or `none` where no answer came', maxValues: 40 },
  model: { description: 'a model that the operator configured, or `other`', maxValues: 50 },
  provider: { description: 'a provider that the operator configured', maxValues: 20 },
  table: { description: 'a table of the data map, or `pg_catalog`', maxValues: 60 },
  version: { description: "the release's version", maxValues: 1 },
  revision: { description: 'the commit of the build, or `unknown`', maxValues: 1 },
} as const satisfies Record<string, { readonly description: string; readonly maxValues: number }>;

/** The name of one of `BOUNDED_SETS`. */
export type BoundedSetName = keyof typeof BOUNDED_SETS;

/** What a label says in place of a value that is not of its set. */
export const OTHER = 'other';

/** Methods by name; any other is `OTHER`. */
export const HTTP_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'OTHER'] as const;
/** The queues of the contracts. */
export const QUEUES = ['exports'] as const;
/** The database's pools. */
export const POOLS = ['requests', 'exports'] as const;
/** The verbs of queries; `CALL` is for functions that serve all tenants. */
export const OPERATIONS = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CALL', 'COPY'] as const;
