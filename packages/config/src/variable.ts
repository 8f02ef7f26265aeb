import { z } from 'zod';

/** One environment variable: what it means, what it may be, and what it is when unset. */
export interface Variable<T> {
  readonly name: string;
  /** One sentence for the configuration table. */
  readonly description: string;
  readonly example: string;
  /** Parses the text of the environment. */
  readonly parse: z.ZodType<T, string>;
  /** Text that stands in when the variable is unset or empty; without it the variable is required or optional. */
  readonly fallback?: string;
  readonly required: boolean;
  /** Never shown in messages; may also be given as `<NAME>_FILE`, a path to a file that holds the value. */
  readonly secret: boolean;
}

/** What describes a variable beside its type. */
export interface VariableOptions {
  readonly description: string;
  readonly example: string;
  readonly fallback?: string;
  readonly secret?: boolean;
}

/** A variable that must have a value, given or by its fallback. */
export function variable<T>(name: string, parse: z.ZodType<T, string>, options: VariableOptions): Variable<T> {
  return { name, parse, required: options.fallback === undefined, secret: false, ...options };
}

/** A variable that may be absent, which means something of its own. */
export function optionalVariable<T>(
  name: string,
  parse: z.ZodType<T, string>,
  options: Omit<VariableOptions, 'fallback'>,
): Variable<T | undefined> {
  return { name, parse, required: false, secret: false, ...options };
}

const numeric = (schema: z.ZodNumber) =>
  z
    .string()
    .regex(/^-?\d+(\.\d+)?$/, 'must be a number')
    .transform(Number)
    .pipe(schema);

/** Types of environment variables. */
export const types = {
  text: () => z.string().min(1),
  port: () => numeric(z.number().int().min(0).max(65_535)),
  integer: (min: number, max: number) => numeric(z.number().int().min(min).max(max)),
  ratio: () => numeric(z.number().min(0).max(1)),
  flag: () => z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true'),
  oneOf: <const T extends readonly [string, ...string[]]>(values: T) => z.enum(values),
  url: (...protocols: readonly string[]) =>
    z.string().refine(
      (value) => {
        const url = URL.parse(value);
        return url !== null && protocols.includes(url.protocol.slice(0, -1));
      },
      `must be a URL that starts with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`,
    ),
  secret: (minLength: number) => z.string().min(minLength, `must have at least ${minLength} characters`),
  list: () =>
    z.string().transform((value) =>
      value
        .split(',')
        .map((item) => item.trim())
        .filter(Boolean),
    ),
  /** Some of the known names with commas between them, or `none` alone. */
  subsetOf: <const T extends string>(known: readonly T[]) =>
    z.string().transform((text, check): readonly T[] => {
      if (text.trim() === 'none') return [];
      const names = new Set(text.split(',').map((name) => name.trim()));
      const unknown = [...names].find((name) => !known.some((one) => one === name));
      if (unknown === undefined) return known.filter((name) => names.has(name));
      check.addIssue(`${JSON.stringify(unknown)} is not known: give some of ${known.join(', ')}, or none alone`);
      return z.NEVER;
    }),
  /** `name=value,name=value` with percent-encoded values, as the variables of OpenTelemetry have it (W3C Baggage). */
  pairs: () =>
    z.string().transform((text, check): Readonly<Record<string, string>> => {
      const pairs = splitPairs(text);
      if (pairs !== undefined) return Object.fromEntries(pairs);
      check.addIssue('must be name=value pairs with commas between them, percent-encoded');
      return z.NEVER;
    }),
  /** `METHOD /path/{template}=ratio,...`, each ratio from 0 to 1. */
  routeRatios: () =>
    z.string().transform((text, check): ReadonlyMap<string, number> => {
      const items = text.split(',').map((item) => ROUTE_RATIO.exec(item.trim())?.groups);
      const ratios = items.map((item) => [item?.['route'] ?? '', Number(item?.['ratio'])] as const);
      if (ratios.every(([, ratio]) => ratio >= 0 && ratio <= 1)) return new Map(ratios);
      check.addIssue('must be routes with a share from 0 to 1 each, with commas between them');
      return z.NEVER;
    }),
};

const ROUTE_RATIO = /^(?<route>(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \/[^\s=]*)=(?<ratio>\d+(?:\.\d+)?)$/;

function splitPairs(text: string): readonly (readonly [string, string])[] | undefined {
  try {
    const pairs = text.split(',').map((item) => {
      const at = item.indexOf('=');
      return [item.slice(0, Math.max(0, at)).trim(), decodeURIComponent(item.slice(at + 1).trim())] as const;
    });
    return pairs.every(([name]) => name !== '') ? pairs : undefined;
  } catch {
    // A malformed percent-encoding; the message must not show the value, which may be a secret.
    return undefined;
  }
}
