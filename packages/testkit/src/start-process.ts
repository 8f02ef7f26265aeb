import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { waitFor } from './wait-for.ts';

/** How a process ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Options of {@link startProcess}. */
export interface StartProcessOptions {
  /** The program; default the running Node (never `node` by name, which may be a wrapper that keeps signals to itself). */
  readonly program?: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to this process's environment; `undefined` removes a variable. */
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
  /** Whether the process is ready, given all its output so far; asked again and again. Default: at once. */
  readonly ready?: (output: string) => boolean | Promise<boolean>;
  /** Default 15 000. */
  readonly readyTimeoutMs?: number;
}

/** A child process of a test. */
export interface RunningProcess {
  readonly pid: number;
  /** Resolves when the process has ended and its output is whole. */
  readonly exited: Promise<ProcessExit>;
  /** Standard output and standard error so far, as they came. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** Sends `signal` (default SIGTERM), after `graceMs` (default 10 000) SIGKILL, and waits for the end. May be called again. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<ProcessExit>;
}

/**
 * Starts a process and waits until it is ready.
 *
 * @throws Error with the process's output when it cannot be started, ends before it is ready or takes too long; it is gone then.
 */
export async function startProcess(options: StartProcessOptions): Promise<RunningProcess> {
  const { program = process.execPath, ready } = options;
  const child = spawn(program, options.args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  }
  await once(child, 'spawn').catch((error: unknown) => {
    throw new Error(`${program} cannot be started`, { cause: error });
  });
  // The closing of both pipes is awaited, not the exit alone: the last lines of output count.
  const exited = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode }));
  const running: RunningProcess = {
    pid: child.pid ?? 0,
    exited,
    output: () => output,
    kill: (signal) => void child.kill(signal),
    stop: (signal = 'SIGTERM', graceMs = 10_000) => stopProcess(child, exited, signal, graceMs),
  };
  if (ready !== undefined) await untilReady(running, child, ready, options);
  return running;
}

async function untilReady(
  running: RunningProcess,
  child: ChildProcess,
  ready: NonNullable<StartProcessOptions['ready']>,
  { program = process.execPath, args, readyTimeoutMs = 15_000 }: StartProcessOptions,
): Promise<void> {
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const name = [basename(program), ...args].join(' ');
  try {
    await waitFor(async () => hasEnded() || ready(running.output()), {
      describe: `"${name}" to be ready`,
      timeoutMs: readyTimeoutMs,
    });
    if (hasEnded()) throw new Error(`"${name}" ended before it was ready: ${JSON.stringify(await running.exited)}`);
  } catch (error) {
    await running.stop('SIGKILL');
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}\noutput:\n${running.output()}`, { cause: error });
  }
}

async function stopProcess(
  child: ChildProcess,
  exited: Promise<ProcessExit>,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<ProcessExit> {
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  return exited.finally(() => clearTimeout(timer));
}
