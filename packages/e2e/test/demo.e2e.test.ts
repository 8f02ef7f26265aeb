import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Evidence } from '@aion/launcher/testing';
import { startProcess, waitFor, type RunningProcess } from '@aion/testkit';
import { expectBundle, expectCompletions, expectTrace } from './support/expect-evidence.ts';
import { findPorts, listProcesses } from './support/processes.ts';

const DEMO = resolve(import.meta.dirname, '../../launcher/src/demo-main.ts');
const CONVERSATIONS = resolve(import.meta.dirname, '../../../examples/conversations.jsonl');
const RUN_TIMEOUT_MS = 120_000;
/** Removes the configuration of the developer who runs the test. */
const CLEAN_ENV = {
  DATABASE_URL: undefined,
  REDIS_URL: undefined,
  OBJECT_STORE_URL: undefined,
  OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
  OPENAI_API_KEY: undefined,
  OPENAI_BASE_URL: undefined,
  NO_COLOR: '1',
};

/** Contents of `demo.json`. */
interface DemoFile {
  readonly baseUrl: string;
  readonly adminUrls: Readonly<Record<string, string>>;
  readonly operatorKey: string;
  readonly tenants: readonly { readonly id: string; readonly key: string }[];
}

const directory = mkdtempSync(join(tmpdir(), 'aion-demo-'));
const stateDir = join(directory, 'state');
const marker = randomUUID();
const started: RunningProcess[] = [];

async function demo(...args: string[]): Promise<RunningProcess> {
  const port = await findPorts();
  const running = await startProcess({
    args: [DEMO, '--no-model', '--state-dir', stateDir, '--port', String(port), ...args],
    env: { ...CLEAN_ENV, AION_TEST_MARKER: marker },
  });
  started.push(running);
  return running;
}

async function untilPrinted(running: RunningProcess, text: string): Promise<void> {
  await waitFor(() => running.output().includes(text), { describe: `"${text}"`, timeoutMs: RUN_TIMEOUT_MS / 2 });
}

afterAll(async () => {
  await Promise.all(started.map((each) => each.stop('SIGKILL')));
  await waitFor(() => listProcesses(marker, stateDir).length === 0, {
    describe: 'the exit of all processes',
    timeoutMs: 30_000,
  });
  rmSync(directory, { recursive: true, force: true });
});

describe('the demo', () => {
  it('reports an error in its input before it starts anything', async () => {
    const input = join(directory, 'broken.jsonl');
    writeFileSync(input, `${readFileSync(CONVERSATIONS, 'utf8').split('\n')[0] ?? ''}\n{"messages": oops}\n`);
    const running = await demo('--once', '--input', input);
    expect(await running.exited).toEqual({ code: 2, signal: null });
    expect(running.output().trim()).toMatch(new RegExp(`^${input}, line 2: not JSON: [^\n]+$`));
    expect(existsSync(stateDir)).toBe(false);
  });

  it.each([
    ['while services start', '\nAION demo'],
    ['during completions', 'Completions (openai SDK)'],
    ['during the export', 'Export\n'],
  ])(
    'leaves no process running when it is interrupted %s',
    async (_when, text) => {
      const running = await demo();
      await untilPrinted(running, text);
      running.kill('SIGINT');
      expect(await running.exited).toEqual({ code: 130, signal: null });
      expect(listProcesses(marker, stateDir)).toEqual([]);
    },
    RUN_TIMEOUT_MS,
  );

  it(
    'passes all checks with the state that interrupted runs have left',
    async () => {
      const json = join(directory, 'evidence.json');
      const running = await demo('--once', '--json', json);
      const exit = await running.exited;
      expect({ exit, output: running.output() }).toMatchObject({ exit: { code: 0, signal: null } });
      expect(listProcesses(marker, stateDir)).toEqual([]);
      // Written by the demo with this type; the fields are asserted below.
      const evidence = JSON.parse(readFileSync(json, 'utf8')) as Evidence;
      expectCompletions(evidence);
      await expectBundle(evidence, stateDir);
      expectTrace(evidence);
      expect(evidence.checks.filter(({ ok }) => !ok)).toEqual([]);
      expect(evidence.checks.map(({ name }) => name)).toEqual([
        'completions',
        'second tenant',
        'bundle verified',
        'audit trail',
        'row counts',
        'every completion is in the bundle',
        'isolation',
        'one trace through all services',
        'trace is one tree',
        'queue PRODUCER span',
        'queue CONSUMER span',
        'database COPY span',
        'object store span',
      ]);
      expect(evidence.node).toBe(process.version);
      expect(Object.keys(evidence.timings)).toEqual(
        expect.arrayContaining([
          'platform',
          'tenants',
          'completions',
          'export',
          'download',
          'verify',
          'trace',
          'total',
        ]),
      );
      expect(running.output()).not.toMatch(/\u001b/);
    },
    RUN_TIMEOUT_MS,
  );

  it(
    'creates new tenants after a reset and keeps the platform running until SIGTERM',
    async () => {
      const tenantsBefore = readTenantIds();
      createModelFile();
      const running = await demo('--reset');
      await untilPrinted(running, 'Press Ctrl-C to stop.');
      const file = join(stateDir, 'demo.json');
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const { baseUrl, adminUrls, operatorKey, tenants } = JSON.parse(readFileSync(file, 'utf8')) as DemoFile;
      const answer = await fetch(`${baseUrl}/v1/models`, {
        headers: { authorization: `Bearer ${tenants[1]?.key ?? ''}` },
      });
      expect(answer.status).toBe(200);
      const ready = Object.values(adminUrls).map(async (url) => (await fetch(`${url}/readyz`)).status);
      expect(await Promise.all(ready)).toEqual([200, 200, 200, 200]);
      expect(operatorKey).toMatch(/^aion_op_/);
      expect(readTenantIds()).not.toEqual(tenantsBefore);
      expect(existsSync(join(stateDir, 'models', 'readme.txt'))).toBe(true);

      running.kill('SIGTERM');
      expect(await running.exited).toEqual({ code: 0, signal: null });
      expect(listProcesses(marker, stateDir)).toEqual([]);
      expect(existsSync(file)).toBe(false);
    },
    RUN_TIMEOUT_MS,
  );
});

function readTenantIds(): string[] {
  const tenants = JSON.parse(readFileSync(join(stateDir, 'demo-tenants.json'), 'utf8')) as { id: string }[];
  return tenants.map(({ id }) => id);
}

function createModelFile(): void {
  mkdirSync(join(stateDir, 'models'), { recursive: true });
  writeFileSync(join(stateDir, 'models', 'readme.txt'), 'a placeholder for a model');
}
