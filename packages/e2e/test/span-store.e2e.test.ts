import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@aion/launcher';
import { describeWithProgram, waitFor } from '@aion/testkit';
import {
  CANARIES,
  leaksOf,
  PLANTS,
  plantCanaries,
  plantedAnywhere,
  plantedInNames,
  plantedInRefusals,
} from './support/canaries.ts';
import { createAccess } from './support/create-access.ts';
import { readCommands } from './support/monitoring-page.ts';
import { startPlainProvider, type PlainProvider } from './support/plain-provider.ts';
import { startTestPlatform } from './support/test-platform.ts';

const directory = mkdtempSync(join(tmpdir(), 'aion-span-store-'));
let provider: PlainProvider;
let platform: Platform;
let key: string;

beforeAll(async () => {
  provider = await startPlainProvider();
  const env = { ...process.env, OPENAI_BASE_URL: provider.baseUrl, OPENAI_API_KEY: CANARIES.providerKey };
  platform = await startTestPlatform({ stateDir: join(directory, 'state'), env });
  ({ key } = await createAccess(platform));
}, 90_000);
afterAll(async () => {
  await platform.stop();
  await provider.close();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

describe('spans that stay in the services, without a receiver for them', () => {
  // One kind of secret at a time: the store keeps the newest traces only, and there are fewer of them than requests in all.
  it.each(PLANTS.map((plant, index) => ({ plant, index })))(
    'hold no secret of kind $index, by whichever way it came',
    async ({ plant }) => {
      const answers = [
        ...(await plantCanaries({ platform, key }, plantedAnywhere, [plant])),
        ...(await plantCanaries({ platform, key }, plantedInNames, [plant])),
        ...(await plantCanaries({ platform, key }, plantedInRefusals, [plant])),
      ];
      const served = answers.findLast(({ status, body }) => status === 200 && body.includes('Yes.'));
      expect(served).toBeDefined();
      // A span ends a moment after what its process has answered.
      await waitFor(async () => (await spansOf(served?.traceId ?? '')).includes('"name":"chat '), {
        describe: 'spans',
      });
      const texts = await waitFor(
        async () => {
          const all = await Promise.all(answers.map(async ({ traceId }) => spansOf(traceId)));
          return all.every((text) => text.includes('"spanId"')) && all;
        },
        { describe: 'a span of every request', intervalMs: 200, timeoutMs: 30_000 },
      );
      expect(leaksOf({ spans: texts.join('\n') })).toEqual([]);
    },
    60_000,
  );

  describeWithProgram('curl', 'and the command of the monitoring page', () => {
    it('are shown by it', async () => {
      const [answer] = await plantCanaries({ platform, key }, () => [{ path: '/v1/models', init: {} }]);
      const command = readCommands().find((each) => each.includes('/debug/traces/')) ?? '';
      const env = { ...process.env, ADMIN: platform.adminUrls['web-api'], TRACE: answer?.traceId ?? '' };
      const show = (): string => execFileSync('bash', ['-euo', 'pipefail', '-c', command], { env, encoding: 'utf8' });
      await waitFor(() => show().includes('GET /v1/models'), { describe: 'the span' });
    });
  });
});

/** The spans of a trace in all services, as text. */
async function spansOf(traceId: string): Promise<string> {
  const texts = Object.values(platform.adminUrls).map(async (url) =>
    (await fetch(`${url}/debug/traces/${traceId}`)).text(),
  );
  return (await Promise.all(texts)).join('\n');
}
