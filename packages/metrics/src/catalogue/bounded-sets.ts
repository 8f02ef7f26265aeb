/** Set of label values that are known at run time only. */
export interface BoundedSet {
  /** Completes the sentence "a value is ..." in the generated tables. */
  readonly description: string;
  /** Pattern that every value must match. */
  readonly pattern: RegExp;
  /** Maximum number of values per process; further values are recorded as `other`. */
  readonly maxValues: number;
}

/** Sets whose values come from the configuration or the contracts of a process. */
export const BOUNDED_SETS = {
  route: {
    description: "a path template of the service's contract, or `unmatched`",
    pattern: /^(\/[a-z0-9_/{}.-]{0,150}|unmatched)$/i,
    maxValues: 200,
  },
  status: { description: 'an HTTP status of three digits', pattern: /^[1-5]\d\d$/, maxValues: 40 },
  duration_status: {
    description: 'the HTTP status of a success, or the class of an error: `4xx`, `5xx`',
    pattern: /^([123]\d\d|[45]xx)$/,
    maxValues: 20,
  },
  client_duration_status: {
    description: 'a value of `duration_status`, or `none` without a response',
    pattern: /^([123]\d\d|[45]xx|none)$/,
    maxValues: 20,
  },
  model: {
    description: 'a model that the operator configured, or `other`',
    pattern: /^[\x21-\x7e]{1,128}$/,
    // Each model adds 46 series to ai-engine, whose limit is 5 000 series.
    maxValues: 80,
  },
  gen_ai_model: {
    description: 'a value of `model`; the limit is lower because each adds hundreds of series of `gen_ai_*`',
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
  service: { description: 'the scraped service', pattern: /^[\w-]{1,64}$/, maxValues: 1 },
  version: { description: 'the version of the release', pattern: /^[\w.+-]{1,64}$/, maxValues: 1 },
  revision: { description: 'the commit of the build, or `unknown`', pattern: /^[\w.+-]{1,64}$/, maxValues: 1 },
} as const satisfies Record<string, BoundedSet>;

/** Name of one of `BOUNDED_SETS`. */
export type BoundedSetName = keyof typeof BOUNDED_SETS;

/** Label value that replaces a value outside its set. */
export const OTHER = 'other';
