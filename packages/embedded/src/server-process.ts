import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { ServerUser } from './server-user.ts';

/** After this, a stop no longer waits for sessions to be rolled back: PostgreSQL recovers at its next start. */
const FAST_STOP_MS = 30_000;

/** What {@link spawnServer} needs. */
export interface SpawnServerOptions {
  readonly postgres: string;
  readonly dataDir: string;
  readonly user: ServerUser | undefined;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

/** A running server process with its watchdog. */
export interface ServerProcess {
  /** Resolves when it accepts connections; rejects with the server's output when it ends before. */
  readonly ready: Promise<void>;
  /** Fast shutdown; resolves when the process is gone. May be called again. */
  stop(): Promise<void>;
}

/** Nothing of the caller's environment (it may hold secrets) but the search path. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}

/**
 * How the programs are told their data directory, which is also their working directory. For another user on Linux it is
 * the working directory by its magic link, which asks for no right to pass through the directories above (a checkout
 * below /root, mode 700). The directory is entered before the user changes (libuv, uv__process_child_init).
 */
export function dataDirArgument(dataDir: string, user: ServerUser | undefined): string {
  return user !== undefined && process.platform === 'linux' ? '/proc/self/cwd' : dataDir;
}

/** Starts the server and its watchdog. */
export function spawnServer(options: SpawnServerOptions): ServerProcess {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(options.port),
    unix_socket_directories: '',
    max_connections: '200',
    ...options.settings,
  };
  const child = spawn(
    options.postgres,
    [
      '-D',
      dataDirArgument(options.dataDir, options.user),
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    {
      ...options.user,
      cwd: options.dataDir,
      env: serverEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe'],
      // Its own session: Ctrl-C in a terminal reaches the owner alone, who drains before it stops the database.
      detached: true,
    },
  );
  const releaseWatchdog = child.pid === undefined ? () => undefined : startWatchdog(child.pid, options.dataDir);
  const ended = once(child, 'close')
    .then(
      () => undefined,
      (error: unknown) => error,
    )
    .finally(releaseWatchdog);
  return { ready: untilReady(child, ended, options.log), stop: () => stopServer(child, ended) };
}

async function untilReady(child: ChildProcess, ended: Promise<unknown>, log: (line: string) => void): Promise<void> {
  const output: string[] = [];
  const { stderr } = child;
  if (stderr === null) throw new Error('the server was started without a pipe for its log');
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: stderr }).on('line', (line) => {
      log(line);
      if (output.length < 100) output.push(line);
      // LC_ALL=C keeps the message in English.
      if (line.includes('database system is ready to accept connections')) resolve();
    });
    void ended.then((error) => {
      reject(new Error(output.join('\n') || 'the server ended without a message', { cause: error }));
    });
  });
}

async function stopServer(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGQUIT'), FAST_STOP_MS);
  await ended.finally(() => clearTimeout(timer));
}

/**
 * A shell that waits for the end of a pipe which this process holds open. When this process is gone, however it died,
 * the pipe closes and the shell asks the server for a fast shutdown, if the data directory's lock still names it.
 * Gives a function which ends the shell.
 */
function startWatchdog(serverPid: number, dataDir: string): () => void {
  const script = `trap '' HUP INT TERM
    while read -r _; do :; done
    read -r pid <postmaster.pid && [ "$pid" = "$1" ] && kill -INT "$1"`;
  const shell = spawn('/bin/sh', ['-c', script, 'aion-postgres-watchdog', String(serverPid)], {
    cwd: dataDir,
    env: serverEnvironment(),
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  return () => shell.stdin.end();
}
