import { runCli } from '../../src/run-cli.ts';
import type { CliResult } from './run-aion.ts';

type Write = typeof process.stdout.write;
const STREAMS = ['stdout', 'stderr'] as const;
const OWN_VARIABLES = ['AION_URL', 'AION_API_KEY', 'AION_INIT_SECRET', 'INIT_CWD'];

/**
 * Runs the tool in this process, which is ten times as quick as in one of its own. It reads no standard input and knows
 * no terminal: what depends on those is tested by `runAion`.
 */
export async function runHere(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliResult> {
  const before = { ...process.env };
  const written = { stdout: '', stderr: '' };
  const writes = STREAMS.map((name) => [name, process[name].write] as const);
  for (const name of STREAMS) {
    process[name].write = ((chunk: string | Uint8Array) => {
      written[name] += String(chunk);
      return true;
      // The tool uses the simplest of the overloads alone.
    }) as Write;
  }
  setEnvironment({ NO_COLOR: '1', ...env });
  try {
    return { code: await runCli(args), ...written };
  } finally {
    for (const [name, write] of writes) process[name].write = write;
    setEnvironment(before);
  }
}

function setEnvironment(values: NodeJS.ProcessEnv): void {
  for (const name of [...OWN_VARIABLES, ...Object.keys(values)]) {
    if (values[name] === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = values[name];
  }
}
