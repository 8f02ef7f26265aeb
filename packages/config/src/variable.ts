import { z } from 'zod';

/** Declaration of an environment variable. */
export interface Variable<T> {
  readonly name: string;
  /** Description in the configuration table. */
  readonly description: string;
  readonly example: string;
  /** Schema that parses the text of the variable. */
  readonly parse: z.ZodType<T, string>;
  /** Default value, as text, of an unset or empty variable. */
  readonly fallback?: string;
  readonly required: boolean;
  /** Masked in messages; may also be given as `<NAME>_FILE`, the path of a file that contains the value. */
  readonly secret: boolean;
}

/** Options of `variable` and `optionalVariable`. */
export interface VariableOptions {
  readonly description: string;
  readonly example: string;
  readonly fallback?: string;
  readonly secret?: boolean;
}

/** Declares a variable that is required unless it has a fallback. */
export function variable<T>(name: string, parse: z.ZodType<T, string>, options: VariableOptions): Variable<T> {
  return { name, parse, required: options.fallback === undefined, secret: false, ...options };
}

/** Declares a variable that may be unset; its value is then undefined. */
export function optionalVariable<T>(
  name: string,
  parse: z.ZodType<T, string>,
  options: Omit<VariableOptions, 'fallback'>,
): Variable<T | undefined> {
  return { name, parse, required: false, secret: false, ...options };
}

/** Schemas of environment variables. */
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
  /** Comma-separated subset of the known names, or `none`. */
  subsetOf: <const T extends string>(known: readonly T[]) =>
    z.string().transform((text, check): readonly T[] => {
      if (text.trim() === 'none') return [];
      const names = new Set(text.split(',').map((name) => name.trim()));
      const unknown = [...names].find((name) => !known.some((one) => one === name));
      if (unknown === undefined) return known.filter((name) => names.has(name));
      check.addIssue(
        `${JSON.stringify(unknown)} is unknown: use a comma-separated list of ${known.join(', ')}, or none`,
      );
      return z.NEVER;
    }),
  /** `name=value,name=value` with percent-encoded values, the format of OpenTelemetry's variables (W3C Baggage). */
  pairs: () =>
    z.string().transform((text, check): Readonly<Record<string, string>> => {
      const pairs = splitPairs(text);
      if (pairs !== undefined) return Object.fromEntries(pairs);
      check.addIssue('must be comma-separated name=value pairs with percent-encoded values');
      return z.NEVER;
    }),
  /** `METHOD /path/{template}=ratio,...`, each ratio from 0 to 1. */
  routeRatios: () =>
    z.string().transform((text, check): ReadonlyMap<string, number> => {
      const items = text.split(',').map((item) => ROUTE_RATIO.exec(item.trim())?.groups);
      const ratios = items.map((item) => [item?.['route'] ?? '', Number(item?.['ratio'])] as const);
      if (ratios.every(([, ratio]) => ratio >= 0 && ratio <= 1)) return new Map(ratios);
      check.addIssue('must be a comma-separated list such as GET /v1/models=0.1 with ratios from 0 to 1');
      return z.NEVER;
    }),
};

function numeric(schema: z.ZodNumber) {
  return z
    .string()
    .regex(/^-?\d+(\.\d+)?$/, 'must be a number')
    .transform(Number)
    .pipe(schema);
}

const ROUTE_RATIO = /^(?<route>(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \/[^\s=]*)=(?<ratio>\d+(?:\.\d+)?)$/;

function splitPairs(text: string): readonly (readonly [string, string])[] | undefined {
  try {
    const pairs = text.split(',').map((item) => {
      const at = item.indexOf('=');
      return [item.slice(0, Math.max(0, at)).trim(), decodeURIComponent(item.slice(at + 1).trim())] as const;
    });
    return pairs.every(([name]) => name !== '') ? pairs : undefined;
  } catch {
    // Malformed percent-encoding. The caller reports it without the value, which may be a secret.
    return undefined;
  }
}
