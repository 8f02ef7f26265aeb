import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceName } from '@aion/contracts';
import { LauncherError } from './launcher-error.ts';
import { relayLines, type LineWriter } from './line-relay.ts';

/** Where a service's output goes: into a file, or line by line to whoever shows it. */
export type ServiceOutput =
  { readonly kind: 'file'; readonly path: string } | { readonly kind: 'lines'; readonly write: LineWriter };

/**
 * Where Node.js keeps what it has made of the sources: from the second start on a service is up in half the time, and the
 * compiler of TypeScript is not in its memory.
 */
const COMPILED = join('node_modules', '.cache', 'aion-compiled');

/** How a service is started. */
export interface ServiceProcessOptions {
  readonly name: ServiceName;
  readonly checkoutDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly output: ServiceOutput;
  /** After this a service that does not stop is killed, in milliseconds. */
  readonly stopTimeoutMs: number;
}

/** How a process ended. */
export interface ServiceExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A service that runs as a child process. */
export interface ServiceProcess {
  readonly name: ServiceName;
  readonly pid: number;
  /** Resolves when it has ended, for whatever reason. */
  readonly exited: Promise<ServiceExit>;
  /** SIGTERM, and SIGKILL when that takes too long; resolves when it has ended. */
  stop(): Promise<void>;
  kill(): void;
  /** The end of its output. */
  lastLines(): Promise<string>;
}

const LAST_LINES = 20;
/** What the last lines of a service may take to be shown. */
const LAST_LINES_TIMEOUT_MS = 1_000;

/**
 * Starts a service. It has a process group of its own, so that Ctrl-C reaches the launcher alone, which stops the services
 * in order; and a channel to the launcher, at whose loss it stops by itself: a launcher that is killed leaves nothing.
 */
export function startServiceProcess(options: ServiceProcessOptions): ServiceProcess {
  const { name, output } = options;
  const recent: string[] = [];
  const child = spawnWithOutput(options);
  const relayed = output.kind === 'lines' ? relayOutput(child, output.write, recent) : Promise.resolve();
  const exited = new Promise<ServiceExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
  if (child.pid === undefined) throw new LauncherError(`${name} cannot be started with ${process.execPath}.`);
  return {
    name,
    pid: child.pid,
    exited,
    stop: async () => {
      await stopChild(child, exited, options.stopTimeoutMs);
      await Promise.race([relayed, sleep(LAST_LINES_TIMEOUT_MS, undefined, { ref: false })]);
    },
    kill: () => void child.kill('SIGKILL'),
    lastLines: async () => (output.kind === 'file' ? lastLinesOf(output.path) : recent.join('\n')),
  };
}

/** Hands on what the service writes, and keeps the end of it. */
async function relayOutput(child: ChildProcess, write: LineWriter, recent: string[]): Promise<void> {
  const keepAndWrite: LineWriter = (lines) => {
    recent.splice(0, recent.length, ...[...recent, ...lines].slice(-LAST_LINES));
    return write(lines);
  };
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  // A pipe that breaks has nothing more to hand on.
  await Promise.allSettled(streams.map((stream) => relayLines(stream, keepAndWrite)));
}

function spawnWithOutput({ name, checkoutDir, env, output }: ServiceProcessOptions): ChildProcess {
  // As a descriptor: what a service writes in its last moments is kept whatever becomes of the launcher.
  const file = output.kind === 'file' ? openSync(output.path, 'w', 0o600) : undefined;
  try {
    return spawn(process.execPath, [join(checkoutDir, 'services', name, 'src', 'main.ts')], {
      cwd: checkoutDir,
      env: { NODE_COMPILE_CACHE: join(checkoutDir, COMPILED), ...env },
      detached: true,
      stdio: ['ignore', file ?? 'pipe', file ?? 'pipe', 'ipc'],
    });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

async function stopChild(child: ChildProcess, exited: Promise<unknown>, timeoutMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  await exited.finally(() => clearTimeout(timer));
}

async function lastLinesOf(path: string): Promise<string> {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  return lines.slice(-LAST_LINES).join('\n');
}

/** Runs a script of a service to its end, and gives its standard output. @throws LauncherError with its output */
export async function runServiceScript(
  script: string,
  options: { readonly checkoutDir: string; readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<string> {
  const child = spawn(process.execPath, [join(options.checkoutDir, script)], {
    cwd: options.checkoutDir,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const abort = (): void => void child.kill('SIGKILL');
  options.signal.addEventListener('abort', abort, { once: true });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk));
  await once(child, 'close').finally(() => options.signal.removeEventListener('abort', abort));
  options.signal.throwIfAborted();
  if (child.exitCode === 0) return output.stdout;
  throw new LauncherError(`${script} failed:\n${output.stderr.trim()}`);
}
