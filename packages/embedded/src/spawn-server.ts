import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import type { ServerUser } from './find-server-user.ts';

/** Time after which a stop no longer waits for sessions to roll back; PostgreSQL then recovers at its next start. */
const FAST_STOP_MS = 30_000;

/** Options of {@link spawnServer}. */
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
  /** Resolves when the server accepts connections; rejects with its output when it exits before. */
  readonly ready: Promise<void>;
  /** Requests a fast shutdown; resolves when the process has exited. May be called again. */
  stop(): Promise<void>;
}

/** Returns the environment of the server: of the caller's environment, which may contain secrets, only the search path. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}

/**
 * Returns the argument for the data directory, which is also the working directory. For another user on Linux it is the
 * magic link of the working directory, which requires no access to the directories above (a checkout below /root, mode
 * 700). The directory is entered before the user changes (libuv, uv__process_child_init).
 */
export function dataDirArgument(dataDir: string, user: ServerUser | undefined): string {
  return user !== undefined && process.platform === 'linux' ? '/proc/self/cwd' : dataDir;
}

/** Starts a PostgreSQL server and its watchdog. */
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
    '-D',
    dataDirArgument(options.dataDir, options.user),
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const child = spawn('/bin/sh', ['-c', WATCHED, 'aion-postgres-watchdog', ...server], {
    ...options.user,
    cwd: options.dataDir,
    env: serverEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    // A separate session: Ctrl-C in a terminal reaches only the owner, which drains before it stops the database.
    detached: true,
  });
  const ended = once(child, 'close').then(
    () => undefined,
    (error: unknown) => error,
  );
  // The watchdog must end, so that it never signals another process that reuses the server's process id.
  child.once('exit', () => releaseWatchdog(child));
  return { ready: untilReady(child, ended, options.log), stop: () => stopServer(child, ended) };
}

async function untilReady(child: ChildProcess, ended: Promise<unknown>, log: (line: string) => void): Promise<void> {
  const output: string[] = [];
  const { stderr } = child;
  if (stderr === null) throw new Error('The server was started without a pipe for its log.');
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: stderr }).on('line', (line) => {
      log(line);
      if (output.length < 100) output.push(line);
      // LC_ALL=C keeps the message in English.
      if (line.includes('database system is ready to accept connections')) resolve();
    });
    void ended.then((error) => {
      reject(new Error(output.join('\n') || 'The server exited without a message.', { cause: error }));
    });
  });
}

async function stopServer(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGQUIT'), FAST_STOP_MS);
  await ended.finally(() => clearTimeout(timer));
}

/** Message from the owner to the watchdog when the server has exited. */
const ENDED = 'ended';

/**
 * Shell script that starts a watchdog and then becomes the server, so that neither ever runs without the other. The
 * watchdog reads a pipe that the owner keeps open. When the owner exits for any reason, the pipe closes and the watchdog
 * requests a fast shutdown of the server; on Linux only if the process with the server's id runs in the data directory.
 * The watchdog is not a child of the server, which would report an unknown child, and has no pipe of its log.
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
  // The stdio option above makes it a writable pipe. Errors are ignored: the watchdog may have exited.
  (pipe as Writable | null | undefined)?.on('error', () => undefined).end(`${ENDED}\n`);
}
