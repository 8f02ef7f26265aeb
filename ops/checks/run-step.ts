import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';

/** Result of one step of a check. */
export interface StepResult {
  readonly title: string;
  readonly ok: boolean;
  readonly seconds: number;
}

/** Options of {@link runStep}. */
export interface RunStepOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** For a step that runs alongside another: at low priority, and with its output in one piece when it has ended. */
  readonly inBackground?: boolean;
  /** Prints text; default to the standard output. Output of a step in the foreground does not pass through it. */
  readonly print?: (text: string) => void;
}

/** Runs a command and prints its output. */
export async function runStep(
  title: string,
  command: readonly [program: string, ...args: string[]],
  { env = process.env, inBackground = false, print = (text) => void process.stdout.write(text) }: RunStepOptions = {},
): Promise<StepResult> {
  const [program, ...args] = command;
  const heading = `\n--- ${title}: ${command.join(' ')}\n`;
  if (!inBackground) print(heading);
  const startedAt = performance.now();
  let output = '';
  const status = await new Promise<number>((resolve, reject) => {
    const stdio = inBackground ? 'pipe' : 'inherit';
    const child = spawn(program, args, { stdio: ['ignore', stdio, stdio], env });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    }
    // Tests have deadlines, this step has none.
    if (inBackground && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    const forward = (signal: NodeJS.Signals): boolean => child.kill(signal);
    process.on('SIGINT', forward).on('SIGTERM', forward);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.off('SIGINT', forward).off('SIGTERM', forward);
      resolve(code ?? (signal === null ? 1 : 128));
    });
  });
  if (inBackground) print(`${heading}${output}`);
  return { title, ok: status === 0, seconds: (performance.now() - startedAt) / 1_000 };
}
