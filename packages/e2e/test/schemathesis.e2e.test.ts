import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { PUBLIC_ROUTES, routes } from '@aion/contracts';
import { describeWithProgram } from '@aion/testkit';
import { startFuzzTarget, type FuzzTarget } from './fuzz/fuzz-target.ts';
import { createSchemathesisConfig } from './schemathesis/schemathesis-config.ts';

/** Number of requests per operation and phase; `AION_TEST_EFFORT` multiplies it, `AION_FUZZ_SEED` changes them. */
const MAX_EXAMPLES = 8 * Number(process.env['AION_TEST_EFFORT'] ?? 1);
const SEED = process.env['AION_FUZZ_SEED'] ?? '20261124';
/** The run takes half a minute on two idle cores, and several times that alongside other tests. */
const TIMEOUT_MS = 240_000 * Number(process.env['AION_TEST_EFFORT'] ?? 1);

describeWithProgram('schemathesis', 'the running API', (programPath) => {
  const directory = mkdtempSync(join(tmpdir(), 'aion-schemathesis-'));
  let target: FuzzTarget;

  beforeAll(async () => {
    target = await startFuzzTarget();
  }, 90_000);
  afterAll(async () => {
    await target.stop();
    rmSync(directory, { recursive: true, force: true });
  }, 60_000);

  it(
    'conforms to its OpenAPI document in every check of Schemathesis',
    async () => {
      const configPath = join(directory, 'schemathesis.toml');
      const config = await createSchemathesisConfig({
        routes: PUBLIC_ROUTES,
        headersOf: async (route) => (await target.credentials.allowedFor(route))[0],
        parameters: target.credentials.victims,
      });
      writeFileSync(configPath, config, { mode: 0o600 });
      const args = ['--config-file', configPath, 'run', `${target.platform.baseUrl}/openapi.json`];
      const bounds = ['--checks', 'all', '--max-examples', String(MAX_EXAMPLES), '--seed', SEED, '--workers', '1'];
      const output = ['--continue-on-failure', '--no-color', '--generation-database', 'none'];
      const child = spawn(programPath, [...args, ...bounds, ...output], {
        cwd: directory,
        stdio: ['ignore', 'pipe', 'inherit'],
        timeout: TIMEOUT_MS - 10_000,
      });
      const [report] = await Promise.all([text(child.stdout), once(child, 'exit')]);
      const verdict = { exitCode: child.exitCode, report: child.exitCode === 0 ? '' : report };
      expect(verdict).toEqual({ exitCode: 0, report: '' });
      // Responses to rejected callers are documented, so with a revoked key the run would pass without testing anything.
      for (const route of [routes.models.list, routes.tenants.list]) {
        const [headers] = await target.credentials.allowedFor(route);
        const answer = await fetch(`${target.platform.baseUrl}${route.path}`, { headers });
        expect([route.name, answer.status]).toEqual([route.name, 200]);
      }
    },
    TIMEOUT_MS,
  );
});
