import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '@aion/errors';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { isAlive } from './is-alive.ts';
import { dataDirArgument, serverEnvironment } from './spawn-server.ts';
import type { ServerUser } from './find-server-user.ts';

/** Name of the superuser of every embedded server. */
export const SUPERUSER = 'postgres';

/** Options of {@link initialiseDataDir}. */
export interface InitialiseOptions {
  readonly dataDir: string;
  readonly initdb: string;
  readonly user: ServerUser | undefined;
  /** Skips the flush of the new files to disk: for data that may be lost when the machine crashes. */
  readonly noSync: boolean;
}

/**
 * Returns the path of the file (mode 600) with the superuser's password. It is inside the data directory, so that one
 * rename puts both into place: with two renames, a run that is killed between them would leave a cluster without password.
 */
export function passwordFileOf(dataDir: string): string {
  return join(dataDir, 'aion-superuser-password');
}

/**
 * Creates a cluster at `dataDir`, which must not exist or be empty. `initdb` works in a sibling directory that is renamed
 * when it is complete, so an interrupted run never leaves an incomplete cluster behind.
 *
 * @throws EmbeddedPostgresError `START_FAILED` with the output of initdb; file system errors are rethrown.
 */
export async function initialiseDataDir(options: InitialiseOptions): Promise<void> {
  const { dataDir, user } = options;
  await removeAbandonedStaging(dataDir);
  const staging = `${dataDir}.init-${process.pid}`;
  const passwordFile = `${staging}.password`;
  try {
    await mkdir(staging, { mode: 0o700 });
    if (user !== undefined) await chown(staging, user.uid, user.gid);
    await runInitdb(options, staging, passwordFile);
    await rename(passwordFile, passwordFileOf(staging));
    await rename(staging, dataDir).catch(ignoreOccupied);
  } finally {
    await rm(staging, { recursive: true, force: true });
    await rm(passwordFile, { force: true });
  }
}

async function runInitdb(options: InitialiseOptions, staging: string, passwordFile: string): Promise<void> {
  const { user } = options;
  const password = await open(passwordFile, 'wx+', 0o600);
  try {
    await password.writeFile(`${randomBytes(24).toString('base64url')}\n`);
    if (user !== undefined) await password.chown(user.uid, user.gid);
    const child = spawn(options.initdb, initdbArguments(staging, options), {
      ...user,
      cwd: staging,
      env: serverEnvironment(),
      // Passed as a descriptor: the server's user may lack access to the directories above the file.
      stdio: ['ignore', 'pipe', 'pipe', password.fd],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    }
    await once(child, 'close');
    if (child.exitCode === 0) return;
    const end = `exit code ${String(child.exitCode)}, signal ${String(child.signalCode)}`;
    throw new EmbeddedPostgresError('START_FAILED', `initdb for ${options.dataDir} failed (${end}):\n${output}`);
  } finally {
    await password.close();
  }
}

function initdbArguments(staging: string, options: InitialiseOptions): string[] {
  return [
    `--pgdata=${dataDirArgument(staging, options.user)}`,
    `--username=${SUPERUSER}`,
    '--pwfile=/dev/fd/3',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Sorts by code point like C on every machine, and still maps the case of non-ASCII letters.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    ...(options.noSync ? ['--no-sync'] : []),
  ];
}

/** Ignores that a concurrent run has created the cluster first: that cluster is used, and its server is detected. */
function ignoreOccupied(error: unknown): void {
  const code = errorCode(error);
  if (code === 'ENOTEMPTY' || code === 'EEXIST') return;
  throw error;
}

/** Removes staging directories of runs that were killed during initdb; those of running processes stay. */
async function removeAbandonedStaging(dataDir: string): Promise<void> {
  const parent = dirname(dataDir);
  const prefix = `${basename(dataDir)}.init-`;
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    if (isAlive(Number.parseInt(name.slice(prefix.length), 10))) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
}
