import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CommandFailedError } from './tool-errors.ts';

const TAIL_LINES = 15;
const MAX_KEPT_LINES = 500;

/** Options of {@link runCommand}. */
export interface RunCommandOptions {
  env: NodeJS.ProcessEnv;
  /** Aborting it sends SIGTERM; the promise still settles only when the process and its pipes are closed. */
  signal?: AbortSignal;
  /** SIGKILL after this time. */
  timeoutMs?: number;
  /** Called with each line of standard output and standard error. */
  onLine?: (line: string) => void;
}

/**
 * Runs a program without a shell and without standard input, and gives its last 500 lines, standard output
 * and standard error mixed. Throws {@link CommandFailedError} with the last lines when it does not exit with 0.
 */
export async function runCommand(program: string, args: string[], options: RunCommandOptions): Promise<string> {
  options.signal?.throwIfAborted();
  const child = spawn(program, args, { env: options.env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > MAX_KEPT_LINES) lines.shift();
      if (line.trim() !== '') options.onLine?.(line.trim());
    });
  }
  const fail = (reason: string, cause?: unknown): CommandFailedError =>
    new CommandFailedError([program, ...args].join(' '), reason, lines.slice(-TAIL_LINES), { cause });
  const terminate = (): boolean => child.kill('SIGTERM');
  options.signal?.addEventListener('abort', terminate, { once: true });
  const timer =
    options.timeoutMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
  try {
    const [exitCode, killedBy] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', (error) => reject(fail(`could not be run: ${error.message}`, error)));
      child.once('close', (code, signal) => resolve([code, signal]));
    });
    options.signal?.throwIfAborted();
    if (exitCode !== 0) throw fail(exitCode === null ? `was ended by ${String(killedBy)}` : `exited with ${exitCode}`);
    return lines.join('\n');
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', terminate);
  }
}
