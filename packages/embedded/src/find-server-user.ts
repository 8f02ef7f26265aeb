import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';

const run = promisify(execFile);

/** System user that is created when root starts the server on a machine without a PostgreSQL user. */
const OWN_USER = 'aion-postgres';

/** User and group of the server's processes. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Finds the unprivileged user that runs the server when this process is root, since PostgreSQL does not run as root: the
 * owner of an existing data directory, else the user `aion-postgres` or `postgres`, else `aion-postgres` is created.
 * Returns `undefined` when this process is not root: the server then runs as the same user.
 *
 * @throws EmbeddedPostgresError `SYSTEM_USER_MISSING` when no such user exists and none can be created.
 */
export async function findServerUser(dataDir: string): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  return (await ownerOf(dataDir)) ?? (await lookUp(OWN_USER)) ?? (await lookUp('postgres')) ?? (await createOwnUser());
}

async function ownerOf(path: string): Promise<ServerUser | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return stats === undefined || stats.uid === 0 ? undefined : { uid: stats.uid, gid: stats.gid };
}

async function lookUp(name: string): Promise<ServerUser | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number.parseInt(uid.stdout, 10), gid: Number.parseInt(gid.stdout, 10) };
  } catch {
    return undefined;
  }
}

async function createOwnUser(): Promise<ServerUser> {
  const commands: readonly (readonly [string, readonly string[]])[] = [
    ['useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', OWN_USER]],
    ['adduser', ['-S', '-D', '-H', '-s', '/bin/false', OWN_USER]], // BusyBox
  ];
  const failures: unknown[] = [];
  for (const [command, args] of commands) {
    await run(command, args).catch((error: unknown) => failures.push(error));
    // Looked up even after a failure: a concurrent process may have created the user.
    const user = await lookUp(OWN_USER);
    if (user !== undefined) return user;
  }
  throw new EmbeddedPostgresError(
    'SYSTEM_USER_MISSING',
    `PostgreSQL does not run as root, and the system user ${OWN_USER} could not be created. ` +
      `Create it (useradd --system ${OWN_USER}), or run as an ordinary user, or set DATABASE_URL.`,
    { cause: new AggregateError(failures) },
  );
}
