import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, startProcess } from '@aion/testkit';

const run = promisify(execFile);
const BIN = '/usr/lib/postgresql/15/bin';
const PASSWORD = 'superuser-password';

/** Whether Debian's PostgreSQL 15, the oldest version that AION supports, is on this machine. */
export const hasPostgres15 = existsSync(join(BIN, 'postgres'));

/** Starts it on a temporary directory. It refuses root: then it runs as the user that its package brought. */
export async function startPostgres15(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'aion-test-postgres-15-'));
  const user = process.getuid?.() === 0 ? await idsOf('postgres') : undefined;
  const passwordFile = join(home, 'password');
  await writeFile(passwordFile, PASSWORD);
  if (user !== undefined) for (const path of [home, passwordFile]) await chown(path, user.uid, user.gid);
  await chmod(home, 0o700);
  const data = join(home, 'data');
  const initdb = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '--no-sync'];
  await run(join(BIN, 'initdb'), [...initdb, '-E', 'UTF8', '--locale=C'], { ...user, cwd: home });
  const port = await freePort();
  const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: home, fsync: 'off' };
  const server = await startProcess({
    program: join(BIN, 'postgres'),
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

/** Fills a database with what another holds, by a dump of SQL. */
export function copyByDump(fromUrl: string, toUrl: string): void {
  const dump = execFileSync(join(BIN, 'pg_dump'), [fromUrl]);
  execFileSync(join(BIN, 'psql'), ['--quiet', '--set=ON_ERROR_STOP=1', toUrl], { input: dump });
}

async function idsOf(name: string): Promise<{ uid: number; gid: number }> {
  const id = async (option: string) => Number((await run('id', [option, name])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}
