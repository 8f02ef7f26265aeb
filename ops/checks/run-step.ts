import { spawn } from 'node:child_process';

/** Result of one step of a check. */
export interface StepResult {
  readonly title: string;
  readonly ok: boolean;
  readonly seconds: number;
}

/** Options of {@link runStep}. */
export interface RunStepOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Prints the output in one piece when the step has ended, for a step that runs alongside another. */
  readonly buffered?: boolean;
}

/** Runs a command and prints its output. */
export async function runStep(
  title: string,
  command: readonly [program: string, ...args: string[]],
  { env = process.env, buffered = false }: RunStepOptions = {},
): Promise<StepResult> {
  const [program, ...args] = command;
  const heading = `\n--- ${title}: ${command.join(' ')}\n`;
  if (!buffered) process.stdout.write(heading);
  const startedAt = performance.now();
  let output = '';
  const status = await new Promise<number>((resolve, reject) => {
    const stdio = buffered ? 'pipe' : 'inherit';
    const child = spawn(program, args, { stdio: ['ignore', stdio, stdio], env });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    }
    const forward = (signal: NodeJS.Signals): boolean => child.kill(signal);
    process.on('SIGINT', forward).on('SIGTERM', forward);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.off('SIGINT', forward).off('SIGTERM', forward);
      resolve(code ?? (signal === null ? 1 : 128));
    });
  });
  if (buffered) process.stdout.write(`${heading}${output}`);
  return { title, ok: status === 0, seconds: (performance.now() - startedAt) / 1_000 };
}
