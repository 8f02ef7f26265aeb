import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { freePort, startEmbeddedPostgres } from '@aion/embedded';
import type { EmbeddedPostgres, StartEmbeddedPostgresOptions } from '@aion/embedded';

const isRoot = process.getuid?.() === 0;
/** Runs a test only on Linux, whose /proc lists the processes. */
const onLinux = process.platform === 'linux' ? it : it.skip;
const NOBODY = { uid: 65_534, gid: 65_534 };

let home: string;
let dataDir: string;
const servers: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'aion-embedded-'));
  // Mode 700 by mkdtemp: for root this is a private directory that the server's user cannot traverse.
  dataDir = join(home, 'deep', 'postgres');
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  for (const child of children.splice(0)) child.kill('SIGKILL');
  // The watchdog stops the server of a killed owner, which writes files until then.
  await rm(home, { recursive: true, force: true, maxRetries: 50, retryDelay: 20 });
});

async function start(options: Partial<StartEmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, settings: { fsync: 'off' }, ...options });
  servers.push(server);
  return server;
}

async function query<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Runs `start-and-hold.ts` in a separate process; `as` drops root's privileges. */
async function hold(directory: string, as: { uid?: number; gid?: number } = {}) {
  const script = fileURLToPath(new URL('start-and-hold.ts', import.meta.url));
  const child = spawn(process.execPath, [script, directory], { ...as, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, answer: JSON.parse(String(line)) as { url?: string; code?: string; message?: string } };
}

async function readServerPid(): Promise<number> {
  return Number.parseInt(await readFile(join(dataDir, 'postmaster.pid'), 'utf8'), 10);
}

/** Lists the processes whose working directory is the data directory: those of the server and the watchdog. */
async function listProcessesInside(): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  const directories = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return pids.filter((_pid, at) => directories[at] === dataDir);
}

async function waitForProcesses(isExpected: (pids: readonly number[]) => boolean): Promise<void> {
  let pids: readonly number[] = [];
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(1)) {
    pids = await listProcessesInside();
    if (isExpected(pids)) return;
  }
  throw new Error(`Processes in ${dataDir}: ${pids.join(', ')}.`);
}

async function waitForExit(pid: number): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(20)) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
  }
  throw new Error(`Process ${pid} still exists.`);
}

describe('startEmbeddedPostgres', () => {
  it('starts a UTF-8 server of version 18 with 200 connections on loopback only, with password authentication only', async () => {
    const server = await start();
    const url = server.superuserUrl();
    const [row] = await query(
      url,
      `select current_setting('server_version_num')::int / 10000 as major, current_setting('max_connections') as connections,
         current_setting('listen_addresses') as addresses, current_setting('unix_socket_directories') as sockets,
         current_setting('server_encoding') as encoding, current_setting('TimeZone') as zone,
         array['b', 'B', 'ä', 'a'] @> array['a'] as ok, lower('Ä') as lower, 'Z' < 'a' as by_code_point`,
    );
    expect(row).toEqual({
      major: 18,
      connections: '200',
      addresses: '127.0.0.1',
      sockets: '',
      encoding: 'UTF8',
      zone: expect.stringMatching(/UTC$/),
      ok: true,
      lower: 'ä',
      by_code_point: true,
    });
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/);
    expect(
      await query<{ method: string }>(url, 'select distinct auth_method as method from pg_hba_file_rules'),
    ).toEqual([{ method: 'scram-sha-256' }]);
  });

  it('retains data and password between runs, and stores the password in a file of mode 600', async () => {
    const first = await start();
    await query(first.superuserUrl(), 'create table kept as select 42 as answer');
    await first.stop();
    const second = await start();
    expect(await query(second.superuserUrl(), 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect((await stat(join(dataDir, 'aion-superuser-password'))).mode & 0o777).toBe(0o600);
  });

  it('stops with open sessions, also when stop is called twice', async () => {
    const server = await start();
    const client = new pg.Client({ connectionString: server.superuserUrl() });
    const lost = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    const pid = await readServerPid();
    await Promise.all([server.stop(), server.stop()]);
    await expect(lost).resolves.toBeInstanceOf(Error);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('rejects a directory with a live server and names its pid', async () => {
    await start();
    const pid = await readServerPid();
    await expect(start()).rejects.toMatchObject({
      code: 'DATA_DIR_IN_USE',
      message: expect.stringContaining(`(pid ${pid}) of another run is using ${dataDir}`),
    });
  });

  it('starts again immediately after its owner and the server were killed', async () => {
    const { child, answer } = await hold(dataDir);
    await query(answer.url!, 'create table kept as select 42 as answer');
    const pid = await readServerPid();
    child.kill('SIGKILL');
    process.kill(pid, 'SIGKILL');
    const server = await start();
    expect(await query(server.superuserUrl(), 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('starts when the pid of a killed server has been reused by another program', async () => {
    const server = await start();
    const lock = await readFile(join(dataDir, 'postmaster.pid'), 'utf8');
    await server.stop();
    // A program of the server's own user: PostgreSQL alone would take it for a live server.
    const owner = await stat(dataDir);
    const other = spawn('sleep', ['60'], isRoot ? { uid: owner.uid, gid: owner.gid, cwd: '/' } : {});
    children.push(other);
    await writeFile(join(dataDir, 'postmaster.pid'), lock.replace(/^\d+/, String(other.pid)));
    const again = await start();
    expect(await query(again.superuserUrl(), 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('stops after its owner was killed, so that a new owner can start again', async () => {
    const { child } = await hold(dataDir);
    const pid = await readServerPid();
    child.kill('SIGKILL');
    const server = await start();
    await waitForExit(pid);
    expect(await readServerPid()).not.toBe(pid);
    await server.stop();
    expect(await readdir(dataDir)).not.toContain('postmaster.pid');
  });

  onLinux(
    'stops after its owner was killed at any moment of the start',
    async () => {
      await start().then((server) => server.stop());
      const script = fileURLToPath(new URL('start-and-hold.ts', import.meta.url));
      for (let afterMs = 0; afterMs <= 60; afterMs += 4) {
        const owner = spawn(process.execPath, [script, dataDir], { stdio: 'ignore' });
        children.push(owner);
        // Starts when the first process of the server exists.
        await waitForProcesses((pids) => pids.length > 0);
        await sleep(afterMs);
        owner.kill('SIGKILL');
        await waitForProcesses((pids) => pids.length === 0);
      }
    },
    120_000,
  );

  it('lets only one of two concurrent first starts use the directory', async () => {
    const results = await Promise.allSettled([hold(dataDir), hold(dataDir)]);
    const answers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.answer] : []));
    expect(answers.map(({ code }) => code).sort()).toEqual(['DATA_DIR_IN_USE', undefined]);
    const winner = answers.find(({ url }) => url !== undefined)!;
    expect(await query(winner.url!, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(await readdir(join(home, 'deep'))).toEqual(['postgres']);
  });

  it('removes the staging directory of a run that was killed during initdb', async () => {
    await mkdir(`${dataDir}.init-${2 ** 31 - 1}`, { recursive: true });
    await start();
    expect(await readdir(join(home, 'deep'))).toEqual(['postgres']);
  });

  it('reports that the port is in use', async () => {
    const port = await freePort();
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    try {
      await expect(start({ port })).rejects.toMatchObject({
        code: 'PORT_IN_USE',
        message: `Port ${port} on 127.0.0.1 is in use by another program. Stop that program or choose another port.`,
      });
    } finally {
      other.close();
    }
    const server = await start({ port });
    expect(server.port).toBe(port);
  });

  it('rejects a directory with other files or of another version, and leaves it unchanged', async () => {
    await mkdir(dataDir, { recursive: true });
    await writeFile(join(dataDir, 'thesis.txt'), 'do not delete');
    await expect(start()).rejects.toMatchObject({
      code: 'DATA_DIR_UNUSABLE',
      message: expect.stringContaining(`The PostgreSQL data directory ${dataDir} cannot be used`),
    });
    await writeFile(join(dataDir, 'PG_VERSION'), '17\n');
    await expect(start()).rejects.toMatchObject({ message: expect.stringContaining('was created by PostgreSQL 17') });
    expect(await readFile(join(dataDir, 'thesis.txt'), 'utf8')).toBe('do not delete');
  });

  it('names a directory that is not writable', async () => {
    const parent = join(home, 'readonly');
    await mkdir(parent);
    await chmod(home, 0o755);
    await chmod(parent, 0o555);
    const { answer } = await hold(join(parent, 'postgres'), isRoot ? NOBODY : {});
    expect(answer).toMatchObject({
      code: 'DATA_DIR_UNUSABLE',
      message: expect.stringMatching(/data directory \S+readonly\/postgres cannot be used: EACCES/),
    });
  });

  it('runs as the unprivileged user that starts it', async () => {
    await chmod(home, 0o777);
    const { child, answer } = await hold(dataDir, isRoot ? NOBODY : {});
    expect(await query(answer.url!, 'select 1 as one')).toEqual([{ one: 1 }]);
    const uid = isRoot ? NOBODY.uid : process.getuid?.();
    expect((await stat(dataDir)).uid).toBe(uid);
    const pid = await readServerPid();
    child.kill('SIGKILL');
    await waitForExit(pid);
  });
});
