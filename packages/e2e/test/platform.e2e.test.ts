import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess, waitFor, type RunningProcess } from '@aion/testkit';
import { findPorts, listProcesses } from './support/processes.ts';

const HOLD = join(import.meta.dirname, 'support', 'hold-platform.ts');
const isRunning = (output: string): boolean => output.includes('"up":true');

let directory: string;
let stateDir: string;
let marker: string;
const started: RunningProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'aion-launcher-'));
  stateDir = join(directory, 'state');
  marker = randomUUID();
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.stop('SIGKILL')));
  await waitUntilNothingRuns();
  rmSync(directory, { recursive: true, force: true });
});

async function launch(port: number, ready?: (output: string) => boolean, env: NodeJS.ProcessEnv = {}) {
  const launcher = await startProcess({
    args: [HOLD, stateDir, String(port)],
    env: { ...env, AION_TEST_MARKER: marker },
    readyTimeoutMs: 60_000,
    ...(ready === undefined ? {} : { ready }),
  });
  started.push(launcher);
  return launcher;
}

async function waitUntilNothingRuns(): Promise<void> {
  await waitFor(() => listProcesses(marker, stateDir).length === 0, {
    describe: 'the exit of every process of the platform',
    timeoutMs: 20_000,
  });
}

function pidsOf(launcher: RunningProcess): Record<string, number> {
  const line = launcher.output().split('\n').find(isRunning) ?? '{}';
  return (JSON.parse(line) as { pids: Record<string, number> }).pids;
}

describe('a platform', () => {
  it('leaves no process running when its launcher is killed, and starts again afterwards', async () => {
    const port = await findPorts();
    const launcher = await launch(port, isRunning);
    // The launcher, four services and PostgreSQL.
    expect(listProcesses(marker, stateDir)).toHaveLength(6);
    launcher.kill('SIGKILL');
    await launcher.exited;
    await waitUntilNothingRuns();

    const again = await launch(port, isRunning);
    again.kill('SIGINT');
    expect(await again.exited).toEqual({ code: 0, signal: null });
    expect(listProcesses(marker, stateDir)).toEqual([]);
  }, 90_000);

  it('leaves no process running when its launcher is killed while services start', async () => {
    const launcher = await launch(await findPorts());
    await waitFor(() => listProcesses(marker, stateDir).length >= 4, { describe: 'first services', timeoutMs: 30_000 });
    launcher.kill('SIGKILL');
    await launcher.exited;
    await waitUntilNothingRuns();
  }, 90_000);

  it('is stopped completely with the reason and exit code 1 when a service crashes', async () => {
    const launcher = await launch(await findPorts(), isRunning);
    process.kill(pidsOf(launcher)['data-export'] ?? 0, 'SIGKILL');
    expect(await launcher.exited).toEqual({ code: 1, signal: null });
    expect(launcher.output()).toContain('data-export was ended by SIGKILL while the platform was running');
    expect(listProcesses(marker, stateDir)).toEqual([]);
  }, 90_000);

  it('rejects a second launcher on the same directory and names the first', async () => {
    const first = await launch(await findPorts());
    await waitFor(() => existsSync(join(stateDir, 'launcher.lock')), { describe: 'the lock', timeoutMs: 20_000 });
    const second = await launch(await findPorts());
    expect(await second.exited).toEqual({ code: 1, signal: null });
    expect(second.output()).toContain(`Another run (pid ${first.pid}) is using ${stateDir}`);
  }, 60_000);

  it('prints the configuration errors of a service as the service reports them', async () => {
    const launcher = await launch(await findPorts(), undefined, { AION_PROVIDER_RETRIES: 'many' });
    expect(await launcher.exited).toEqual({ code: 1, signal: null });
    expect(launcher.output().trim().split('\n')).toEqual([
      'ai-engine: The configuration is not valid:',
      '  - AION_PROVIDER_RETRIES is "many": must be a number. Example: AION_PROVIDER_RETRIES=2',
    ]);
    expect(listProcesses(marker, stateDir)).toEqual([]);
  }, 60_000);

  it('starts nothing when one of its ports is in use, and names the port and the options to change it', async () => {
    const port = await findPorts();
    const blocker = createServer().listen(port + 12, '127.0.0.1');
    await once(blocker, 'listening');
    try {
      const launcher = await launch(port);
      expect(await launcher.exited).toEqual({ code: 1, signal: null });
      expect(launcher.output()).toContain(`Port ${port + 12} (database-gateway, admin) on 127.0.0.1 is in use.`);
      expect(launcher.output()).toContain('--port N');
      expect(existsSync(join(stateDir, 'postgres'))).toBe(false);
      expect(existsSync(join(stateDir, 'launcher.lock'))).toBe(false);
    } finally {
      blocker.close();
    }
  });

  it.each(['/proc/aion', '/dev/null/aion'])('reports that the state directory %s cannot be used', async (path) => {
    stateDir = path;
    const launcher = await launch(await findPorts());
    expect(await launcher.exited).toEqual({ code: 1, signal: null });
    expect(launcher.output()).toContain(`Could not use the state directory ${path}: `);
    expect(launcher.output()).toContain('--state-dir');
    expect(launcher.output()).not.toContain('    at ');
  });

  it('stores secrets that only its user can read, and stops when SIGTERM arrives during the start', async () => {
    const launcher = await launch(await findPorts());
    const path = join(stateDir, 'secrets.json');
    await waitFor(() => existsSync(path), { describe: 'the secrets', timeoutMs: 20_000 });
    launcher.kill('SIGTERM');
    expect(await launcher.exited).toEqual({ code: 143, signal: null });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(stateDir).mode & 0o777).toBe(0o700);
    expect(listProcesses(marker, stateDir)).toEqual([]);
  }, 60_000);
});
