import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceName } from '@aion/contracts';
import { LauncherError } from './launcher-error.ts';
import { relayLines, type LineWriter } from './relay-lines.ts';

/** Destination of the output of a service: a file, or a writer of lines. */
export type ServiceOutput =
  { readonly kind: 'file'; readonly path: string } | { readonly kind: 'lines'; readonly write: LineWriter };

/**
 * Compile cache of Node.js: from the second start on, a service is ready in half the time and does not load the
 * TypeScript compiler.
 */
const COMPILE_CACHE = join('node_modules', '.cache', 'aion-compiled');

/** Options of {@link startServiceProcess}. */
export interface ServiceProcessOptions {
  readonly name: ServiceName;
  readonly checkoutDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly output: ServiceOutput;
  /** Time in milliseconds after which a service that does not stop is killed. */
  readonly stopTimeoutMs: number;
}

/** Exit code or signal of a process that has ended. */
export interface ServiceExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A service that runs as a child process. */
export interface ServiceProcess {
  readonly name: ServiceName;
  readonly pid: number;
  /** Resolves when the process has ended, for any reason. */
  readonly exited: Promise<ServiceExit>;
  /** Sends SIGTERM, then SIGKILL after the timeout; resolves when the process has ended. */
  stop(): Promise<void>;
  kill(): void;
  /** Returns the last lines of its output. */
  lastLines(): Promise<string>;
}

const LAST_LINES = 20;
/** Time limit to relay the last lines of a service. */
const LAST_LINES_TIMEOUT_MS = 1_000;

/**
 * Starts a service in its own process group, so that Ctrl-C reaches only the launcher, which stops the services in order.
 * The service stops when its IPC channel to the launcher closes, so no service outlives a launcher that is killed.
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
  if (child.pid === undefined) throw new LauncherError(`Could not start ${name} with ${process.execPath}.`);
  return {
    name,
    pid: child.pid,
    exited,
    stop: async () => {
      await stopChild(child, exited, options.stopTimeoutMs);
      await Promise.race([relayed, sleep(LAST_LINES_TIMEOUT_MS, undefined, { ref: false })]);
    },
    kill: () => void child.kill('SIGKILL'),
    lastLines: async () => (output.kind === 'file' ? readLastLines(output.path) : recent.join('\n')),
  };
}

/** Runs a script of a service and returns its standard output. @throws LauncherError with its standard error */
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

/** Relays the output of the service and retains its last lines. */
async function relayOutput(child: ChildProcess, write: LineWriter, recent: string[]): Promise<void> {
  const retainAndWrite: LineWriter = (lines) => {
    recent.push(...lines.slice(-LAST_LINES));
    recent.splice(0, recent.length - LAST_LINES);
    return write(lines);
  };
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  // A broken pipe has no more output.
  await Promise.allSettled(streams.map((stream) => relayLines(stream, retainAndWrite)));
}

function spawnWithOutput({ name, checkoutDir, env, output }: ServiceProcessOptions): ChildProcess {
  // A file descriptor: the last output of a service is written even if the launcher has ended.
  const file = output.kind === 'file' ? openSync(output.path, 'w', 0o600) : undefined;
  try {
    return spawn(process.execPath, [join(checkoutDir, 'services', name, 'src', 'main.ts')], {
      cwd: checkoutDir,
      env: { NODE_COMPILE_CACHE: join(checkoutDir, COMPILE_CACHE), ...env },
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

async function readLastLines(path: string): Promise<string> {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  return lines.slice(-LAST_LINES).join('\n');
}
