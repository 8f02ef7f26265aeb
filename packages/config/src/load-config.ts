import { readFileSync } from 'node:fs';
import type { Variable } from './variable.ts';

/** Variables of a service by configuration key. */
export type Variables = Readonly<Record<string, Variable<unknown>>>;

/** Parsed values of a set of variables. */
export type ConfigOf<V extends Variables> = { readonly [K in keyof V]: V[K] extends Variable<infer T> ? T : never };

/** Environment variables in the format of `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Invalid configuration. The message lists every problem with the variable, its value and an example. */
export class ConfigError extends Error {
  readonly code = 'INVALID_CONFIG';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/**
 * Reads and validates all variables.
 * @param check validates rules across fields and returns a message for each violation
 * @throws ConfigError that lists all problems
 */
export function loadConfig<V extends Variables>(
  variables: V,
  env: Environment,
  check: (config: ConfigOf<V>) => readonly string[] = () => [],
): ConfigOf<V> {
  const problems: string[] = [];
  const config: Record<string, unknown> = {};
  for (const [key, variable] of Object.entries(variables)) {
    const text = readText(variable, env, problems);
    if (text === undefined) continue;
    const parsed = variable.parse.safeParse(text);
    if (parsed.success) config[key] = parsed.data;
    else problems.push(describeProblem(variable, text, parsed.error.issues[0]?.message ?? 'is invalid'));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  // The loop above parsed every key with the schema of its variable.
  const parsedConfig = config as ConfigOf<V>;
  const violations = check(parsedConfig);
  if (violations.length > 0) throw new ConfigError(violations);
  return parsedConfig;
}

function readText(variable: Variable<unknown>, env: Environment, problems: string[]): string | undefined {
  const direct = env[variable.name];
  const path = variable.secret ? env[`${variable.name}_FILE`] : undefined;
  if (direct !== undefined && direct !== '' && path !== undefined) {
    problems.push(`${variable.name} and ${variable.name}_FILE are both set: remove one of them`);
    return undefined;
  }
  if (path !== undefined) return readSecretFile(variable, path, problems);
  if (direct !== undefined && direct !== '') return direct;
  if (variable.fallback !== undefined) return variable.fallback;
  if (variable.required) {
    const file = variable.secret ? ` (or ${variable.name}_FILE, the path of a file that contains it)` : '';
    problems.push(`${variable.name} is not set${file}: ${variable.description} Example: ${example(variable)}`);
  }
  return undefined;
}

function readSecretFile(variable: Variable<unknown>, path: string, problems: string[]): string | undefined {
  try {
    return readFileSync(path, 'utf8').trimEnd();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    problems.push(`${variable.name}_FILE is "${path}", which cannot be read: ${reason}`);
    return undefined;
  }
}

function describeProblem(variable: Variable<unknown>, text: string, message: string): string {
  const shownValue = variable.secret ? `"***" (${text.length} characters)` : JSON.stringify(text);
  return `${variable.name} is ${shownValue}: ${lowerFirst(message)}. Example: ${example(variable)}`;
}

function example(variable: Variable<unknown>): string {
  return `${variable.name}=${variable.example}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
