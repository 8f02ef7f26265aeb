import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@aion/launcher';
import { describeWithProgram, waitFor } from '@aion/testkit';
import {
  CANARIES,
  findLeaks,
  PLANTS,
  plantCanaries,
  plantEverywhere,
  plantInNames,
  plantInProviderErrors,
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

describe('spans that are stored in the services without a receiver', () => {
  // One kind of secret at a time: the store retains the newest traces only, fewer than the total number of requests.
  it.each(PLANTS.map((plant, index) => ({ plant, index })))(
    'contain no secret of kind $index from any part of a request',
    async ({ plant }) => {
      const answers = [
        ...(await plantCanaries({ platform, key }, plantEverywhere, [plant])),
        ...(await plantCanaries({ platform, key }, plantInNames, [plant])),
        ...(await plantCanaries({ platform, key }, plantInProviderErrors, [plant])),
      ];
      const served = answers.findLast(({ status, body }) => status === 200 && body.includes('Yes.'));
      expect(served).toBeDefined();
      // A span may end shortly after the response of its process.
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
      expect(findLeaks({ spans: texts.join('\n') })).toEqual([]);
    },
    60_000,
  );

  describeWithProgram('curl', 'and are requested by the command of docs/MONITORING.md', () => {
    it('are printed', async () => {
      const [answer] = await plantCanaries({ platform, key }, () => [{ path: '/v1/models', init: {} }]);
      const command = readCommands().find((each) => each.includes('/debug/traces/')) ?? '';
      const env = { ...process.env, ADMIN: platform.adminUrls['web-api'], TRACE: answer?.traceId ?? '' };
      const show = (): string => execFileSync('bash', ['-euo', 'pipefail', '-c', command], { env, encoding: 'utf8' });
      await waitFor(() => show().includes('GET /v1/models'), { describe: 'the span' });
    });
  });
});

/** Returns the spans of a trace in all services as text. */
async function spansOf(traceId: string): Promise<string> {
  const texts = Object.values(platform.adminUrls).map(async (url) =>
    (await fetch(`${url}/debug/traces/${traceId}`)).text(),
  );
  return (await Promise.all(texts)).join('\n');
}
