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
};
