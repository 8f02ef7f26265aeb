import { readFileSync } from 'node:fs';
import type { Variable } from './variable.ts';

/** The variables of a service, by the names that its code uses. */
export type Variables = Readonly<Record<string, Variable<unknown>>>;

/** The parsed values of a set of variables. */
export type ConfigOf<V extends Variables> = { readonly [K in keyof V]: V[K] extends Variable<infer T> ? T : never };

/** The environment as `process.env` gives it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Bad configuration: the message lists every problem, each with the variable, the value seen and an example. */
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
 * Reads all variables, and reports all problems at once.
 * @param check cross-field rules: returns a sentence for each rule that is broken.
 * @throws ConfigError
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
    else problems.push(describeProblem(variable, text, parsed.error.issues[0]?.message ?? 'is not valid'));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  // Every key was parsed by its own variable's schema just above.
  const complete = config as ConfigOf<V>;
  const broken = check(complete);
  if (broken.length > 0) throw new ConfigError(broken);
  return complete;
}

function readText(variable: Variable<unknown>, env: Environment, problems: string[]): string | undefined {
  const direct = env[variable.name];
  const path = variable.secret ? env[`${variable.name}_FILE`] : undefined;
  if (direct !== undefined && direct !== '' && path !== undefined) {
    problems.push(`${variable.name} and ${variable.name}_FILE are both set: keep one of them`);
    return undefined;
  }
  if (path !== undefined) return readSecretFile(variable, path, problems);
  if (direct !== undefined && direct !== '') return direct;
  if (variable.fallback !== undefined) return variable.fallback;
  if (variable.required) {
    const file = variable.secret ? ` (or ${variable.name}_FILE, a path to a file that holds it)` : '';
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
  const seen = variable.secret ? `"***" (${text.length} characters)` : JSON.stringify(text);
  return `${variable.name} is ${seen}: ${lowerFirst(message)}. Example: ${example(variable)}`;
}

function example(variable: Variable<unknown>): string {
  return `${variable.name}=${variable.example}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
