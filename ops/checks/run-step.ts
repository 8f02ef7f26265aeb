import { spawn } from 'node:child_process';

/** One step of a check, and how it ended. */
export interface StepResult {
  readonly title: string;
  readonly ok: boolean;
  readonly seconds: number;
}

/** Runs a command with its output on this terminal. */
export async function runStep(
  title: string,
  command: readonly [program: string, ...args: string[]],
  env: NodeJS.ProcessEnv = process.env,
): Promise<StepResult> {
  const [program, ...args] = command;
  process.stdout.write(`\n--- ${title}: ${command.join(' ')}\n`);
  const startedAt = performance.now();
  const status = await new Promise<number>((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], env });
    const forward = (signal: NodeJS.Signals): boolean => child.kill(signal);
    process.on('SIGINT', forward).on('SIGTERM', forward);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.off('SIGINT', forward).off('SIGTERM', forward);
      resolve(code ?? (signal === null ? 1 : 128));
    });
  });
  return { title, ok: status === 0, seconds: (performance.now() - startedAt) / 1_000 };
}
