import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { waitFor } from './wait-for.ts';

/** Exit code or signal of a process. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Options of {@link startProcess}. */
export interface StartProcessOptions {
  /** Program. Default: the running Node.js executable, because `node` on PATH may be a wrapper that does not forward signals. */
  readonly program?: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Variables added to the environment of this process; `undefined` removes a variable. */
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
  /** Reports whether the process is ready, given its output so far; called repeatedly. Default: ready immediately. */
  readonly ready?: (output: string) => boolean | Promise<boolean>;
  /** Default 15 000. */
  readonly readyTimeoutMs?: number;
}

/** Child process of a test. */
export interface RunningProcess {
  readonly pid: number;
  /** Resolves when the process has exited and its output is complete. */
  readonly exited: Promise<ProcessExit>;
  /** Returns standard output and standard error so far, in the order received. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** Sends `signal` (default SIGTERM), then SIGKILL after `graceMs` (default 10 000), and waits for the exit. May be called repeatedly. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<ProcessExit>;
}

/**
 * Starts a process and waits until it is ready.
 *
 * @throws Error with the output if the process cannot be started, exits before it is ready or is not ready in time; the
 * process has then exited
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
  // Wait until both pipes are closed, not only for the exit, so that the output is complete.
  const exited = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode }));
  const running: RunningProcess = {
    pid: child.pid ?? 0,
    exited,
    output: () => output,
    kill: (signal) => void child.kill(signal),
    stop: (signal = 'SIGTERM', graceMs = 10_000) => stopProcess(child, exited, signal, graceMs),
  };
  if (ready !== undefined) await waitUntilReady(running, child, ready, options);
  return running;
}

async function waitUntilReady(
  running: RunningProcess,
  child: ChildProcess,
  ready: NonNullable<StartProcessOptions['ready']>,
  { program = process.execPath, args, readyTimeoutMs = 15_000 }: StartProcessOptions,
): Promise<void> {
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  const name = [basename(program), ...args].join(' ');
  try {
    await waitFor(async () => hasExited() || ready(running.output()), {
      describe: `"${name}" to be ready`,
      timeoutMs: readyTimeoutMs,
    });
    if (hasExited()) throw new Error(`"${name}" exited before it was ready: ${JSON.stringify(await running.exited)}`);
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
