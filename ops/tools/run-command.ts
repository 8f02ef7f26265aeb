import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CommandFailedError } from './tool-errors.ts';

const TAIL_LINES = 15;
const MAX_STORED_LINES = 500;

/** Options of {@link runCommand}. */
export interface RunCommandOptions {
  env: NodeJS.ProcessEnv;
  /** Aborting it sends SIGTERM; the promise still settles only when the process and its pipes are closed. */
  signal?: AbortSignal;
  /** Time after which the process gets SIGKILL. */
  timeoutMs?: number;
  /** Called with each line of standard output and standard error. */
  onLine?: (line: string) => void;
}

/**
 * Runs a program without a shell and without standard input; returns its last 500 lines, standard output and standard
 * error mixed. Throws {@link CommandFailedError} with the last lines when the program does not exit with 0.
 */
export async function runCommand(program: string, args: string[], options: RunCommandOptions): Promise<string> {
  const { env, signal, timeoutMs: timeout, onLine } = options;
  signal?.throwIfAborted();
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout, killSignal: 'SIGKILL' });
  const terminate = (): boolean => child.kill('SIGTERM');
  signal?.addEventListener('abort', terminate, { once: true });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > MAX_STORED_LINES) lines.shift();
      if (line.trim() !== '') onLine?.(line.trim());
    });
  }
  const fail = (reason: string, cause?: unknown): CommandFailedError =>
    new CommandFailedError([program, ...args].join(' '), reason, lines.slice(-TAIL_LINES), { cause });
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', (error) => reject(fail(`could not be run: ${error.message}`, error)));
      child.once('close', () => resolve());
    });
  } finally {
    signal?.removeEventListener('abort', terminate);
  }
  signal?.throwIfAborted();
  if (child.signalCode !== null) throw fail(`was ended by ${child.signalCode}`);
  if (child.exitCode !== 0) throw fail(`exited with ${String(child.exitCode)}`);
  return lines.join('\n');
}
