import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
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
  const server = [
    options.postgres,
    ...['-D', dataDirArgument(options.dataDir, options.user)],
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const child = spawn('/bin/sh', ['-c', WATCHED, 'aion-postgres-watchdog', ...server], {
    ...options.user,
    cwd: options.dataDir,
    env: serverEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    // Its own session: Ctrl-C in a terminal reaches the owner alone, who drains before it stops the database.
    detached: true,
  });
  const ended = once(child, 'close').then(
    () => undefined,
    (error: unknown) => error,
  );
  // The watchdog has nothing to watch any more, and must not signal whoever gets the server's number next.
  child.once('exit', () => releaseWatchdog(child));
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

/** What the owner tells the watchdog when the server has ended. */
const ENDED = 'ended';

/**
 * A shell that leaves a watchdog behind and becomes the server, so that there is no moment at which the one runs without
 * the other. The watchdog reads a pipe which the owner holds open. When the owner is gone, however it died, the pipe
 * closes, and the server is asked for a fast shutdown; on Linux, only when what has its number works in its directory.
 * The watchdog is no child of the server, which would wonder about it, and holds no pipe of its log.
 */
const WATCHED = `
  (
    (
      trap '' HUP INT TERM
      while read -r word; do [ "$word" = ${ENDED} ] && exit; done
      [ -e /proc/self/cwd ] && ! [ "/proc/$$/cwd" -ef . ] && exit
      kill -INT "$$"
    ) <&3 >/dev/null 2>&1 &
  ) 2>/dev/null
  exec 3<&-
  exec "$@"`;

function releaseWatchdog({ stdio: [, , , pipe] }: ChildProcess): void {
  // A stream that can be written to, by how the server was started; a watchdog that is gone need not be told.
  (pipe as Writable | null | undefined)?.on('error', () => undefined).end(`${ENDED}\n`);
}
