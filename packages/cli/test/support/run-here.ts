import { runCli } from '../../src/run-cli.ts';
import type { CliResult } from './run-aion.ts';

/**
 * Runs the tool in this process, ten times faster than in a separate one. It has no standard input and no terminal;
 * tests that need them use `runAion`.
 */
export async function runHere(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliResult> {
  const before = { ...process.env };
  const beforeCode = process.exitCode;
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (chunk: Uint8Array | string) => {
      written[name] += String(chunk);
      return true;
    };
  }
  setEnvironment({ NO_COLOR: '1', ...env });
  process.exitCode = undefined;
  try {
    const code = await runCli(args);
    return { code: code === 0 ? readExitCode() : code, ...written };
  } finally {
    // Deleting the property makes the method of the stream's class visible again.
    for (const name of ['stdout', 'stderr'] as const) Reflect.deleteProperty(process[name], 'write');
    setEnvironment(before);
    process.exitCode = beforeCode;
  }
}

/** Returns the exit code that an action has set. */
function readExitCode(): number {
  return typeof process.exitCode === 'number' ? process.exitCode : 0;
}

function setEnvironment(values: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
  for (const name of ['AION_URL', 'AION_API_KEY', 'AION_INIT_SECRET', 'INIT_CWD']) {
    if (values[name] === undefined) Reflect.deleteProperty(process.env, name);
  }
}
