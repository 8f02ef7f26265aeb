import { execFile } from 'node:child_process';
import { chmod, chown, cp, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, startProcess } from '@aion/testkit';

const run = promisify(execFile);
const PASSWORD = 'superuser-password';

/** Programs of the supported versions before the embedded one. */
export const OLDER_POSTGRES = ['postgres-15', 'postgres-16', 'postgres-17'] as const;

/** Server of an older version. */
export interface OlderPostgres {
  /** URL of its superuser. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the server `program` on a temporary directory. */
export async function startOlderPostgres(program: string): Promise<OlderPostgres> {
  const home = await mkdtemp(join(tmpdir(), 'aion-test-postgres-'));
  const user = process.getuid?.() === 0 ? await idsOfServerUser() : undefined;
  const bin = await reachable(dirname(await realpath(program)), home);
  const passwordFile = join(home, 'password');
  await writeFile(passwordFile, PASSWORD);
  if (user !== undefined) for (const path of [home, passwordFile]) await chown(path, user.uid, user.gid);
  await chmod(home, 0o700);
  const data = join(home, 'data');
  const initdb = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '--no-sync'];
  await run(join(bin, 'initdb'), [...initdb, '-E', 'UTF8', '--locale=C'], { ...user, cwd: home });
  const port = await freePort();
  const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: home, fsync: 'off' };
  const server = await startProcess({
    program: join(bin, 'postgres'),
    args: ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    cwd: home,
    ...user,
    ready: (output) => output.includes('database system is ready to accept connections'),
  });
  return {
    url: `postgresql://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await server.stop('SIGINT');
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Copies the programs if necessary: PostgreSQL rejects root, and another user may have no access to the cache of root. */
async function reachable(bin: string, home: string): Promise<string> {
  if (process.getuid?.() !== 0) return bin;
  const copy = join(home, 'programs');
  await cp(dirname(bin), copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

/** Returns the user of the embedded server, which every run has started before. */
async function idsOfServerUser(): Promise<{ uid: number; gid: number }> {
  for (const name of ['aion-postgres', 'postgres']) {
    const ids = await Promise.all(['-u', '-g'].map((option) => run('id', [option, name]))).catch(() => undefined);
    if (ids !== undefined) return { uid: Number(ids[0]?.stdout), gid: Number(ids[1]?.stdout) };
  }
  throw new Error('there is no user aion-postgres, which the embedded server of this run was to make');
}
