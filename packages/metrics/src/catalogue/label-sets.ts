/** A set of label values that a running process knows, and the catalogue does not. */
export interface BoundedSet {
  readonly description: string;
  /** What every value of it looks like. */
  readonly pattern: RegExp;
  /** The most values that a process exposes; whatever comes after that is `other`. */
  readonly maxValues: number;
}

/** The sets that the configuration or the contracts of a process fill. */
export const BOUNDED_SETS = {
  route: {
    description: "a path template of the service's contract, or `unmatched`",
    pattern: /^(\/[a-z0-9_/{}.-]{0,150}|unmatched)$/i,
    maxValues: 200,
  },
  status: { description: 'an HTTP status of three digits', pattern: /^[1-5]\d\d$/, maxValues: 40 },
  duration_status: {
    description: 'the HTTP status of a success, or the class of a failure: `4xx`, `5xx`',
    pattern: /^([123]\d\d|[45]xx)$/,
    maxValues: 20,
  },
  client_duration_status: {
    description: 'as of `duration_status`, or `none` where no answer came',
    pattern: /^([123]\d\d|[45]xx|none)$/,
    maxValues: 20,
  },
  model: {
    description: 'a model that the operator configured, or `other`',
    pattern: /^[\x21-\x7e]{1,128}$/,
    // Each is 46 series of the AI engine, which may have 5 000 in all.
    maxValues: 80,
  },
  gen_ai_model: {
    description: 'as of `model`, but fewer: each is some hundred series of `gen_ai_*`',
    pattern: /^[\x21-\x7e]{1,128}$/,
    maxValues: 10,
  },
  provider: { description: 'a provider that the operator configured', pattern: /^[\w.-]{1,64}$/, maxValues: 20 },
  table: {
    description: 'a table of the data map, or `pg_catalog`',
    pattern: /^[a-z][a-z0-9_]{0,62}$/,
    maxValues: 60,
  },
  queue: { description: 'a queue of the contracts', pattern: /^[\w.:-]{1,100}$/, maxValues: 100 },
  service: { description: 'the service that is asked', pattern: /^[\w-]{1,64}$/, maxValues: 1 },
  version: { description: "the release's version", pattern: /^[\w.+-]{1,64}$/, maxValues: 1 },
  revision: { description: 'the commit of the build, or `unknown`', pattern: /^[\w.+-]{1,64}$/, maxValues: 1 },
} as const satisfies Record<string, BoundedSet>;

/** The name of one of `BOUNDED_SETS`. */
export type BoundedSetName = keyof typeof BOUNDED_SETS;

/** What a label says in place of a value that is not of its set. */
export const OTHER = 'other';

/** Methods by name; any other is `OTHER`. */
export const HTTP_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'OTHER'] as const;
/** The database's pools. */
export const POOLS = ['requests', 'exports'] as const;
/** The verbs of queries; `CALL` is for functions that serve all tenants. */
export const OPERATIONS = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CALL', 'COPY'] as const;
