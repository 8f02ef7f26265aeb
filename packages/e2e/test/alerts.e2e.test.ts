import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Platform } from '@aion/launcher';
import { describeWithProgram, startPrometheus, waitFor, type TestPrometheus } from '@aion/testkit';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { createAccess } from './support/create-access.ts';
import { superuserUrl } from './support/observed-platform.ts';
import { readBlocks } from './support/runbooks.ts';
import { startTestPlatform } from './support/test-platform.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../../..');
const directory = mkdtempSync(join(tmpdir(), 'aion-alerts-'));
const stateDir = join(directory, 'state');
const CHECK_MS = '500';

/** The rules as they are, but for how long a condition must last: a thirtieth of it. */
function rules(): string {
  const text = readFileSync(join(root, 'ops/prometheus/rules/aion-data.yml'), 'utf8');
  return text.replaceAll(/for: (\d+)m/g, (_match, minutes: string) => `for: ${Number(minutes) * 2}s`);
}

let platform: Platform;
let database: pg.Client;
let tenantId: string;

/** Runs a command line of a runbook; `aion` is the command-line tool, as the operator. */
async function shell(command: string): Promise<string> {
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', command], {
    env: {
      PATH: `${join(root, 'packages/cli/bin')}:${process.env['PATH']}`,
      ...{ ADMIN: platform.adminUrls['database-gateway'], AION_URL: platform.baseUrl },
      AION_API_KEY: platform.operatorKey,
    },
  });
  return stdout;
}

async function sql<R extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> {
  return (await database.query<R>(text, values)).rows;
}

/** A fault, and what a runbook says that mends it. */
interface Fault {
  readonly alert: string;
  readonly cause: () => Promise<void>;
  readonly mend: () => Promise<void>;
}

const OLD = uuidv7({ msecs: Date.parse('2031-05-05T00:00:00Z') });
const ROW = uuidv7();
/** What a superuser may do who goes past triggers, and AION may not. */
const UNGUARDED = 'SET session_replication_role = replica';
const GUARDED = 'RESET session_replication_role';

const FAULTS: readonly Fault[] = [
  {
    alert: 'AuditChainBroken',
    cause: async () => {
      await sql(UNGUARDED);
      await sql(`UPDATE audit_events SET actor = actor || 'x' WHERE tenant_id = $1 AND seq = 1`, [tenantId]);
      await sql(GUARDED);
    },
    mend: async () => {
      await sql(UNGUARDED);
      await sql(`UPDATE audit_events SET actor = left(actor, -1) WHERE tenant_id = $1 AND seq = 1`, [tenantId]);
      await sql(GUARDED);
    },
  },
  {
    alert: 'DefaultPartitionNotEmpty',
    cause: async () => {
      await sql(UNGUARDED);
      await sql(
        `INSERT INTO generations (id, tenant_id, api_key_id, provider, model, stream, estimated_prompt_tokens, created_at)
         SELECT $1, tenant_id, id, 'embedded', 'm', false, 1, uuid_v7_time($1) FROM api_keys WHERE tenant_id = $2`,
        [OLD, tenantId],
      );
      await sql(GUARDED);
    },
    mend: async () => {
      for (const { text } of readBlocks('sql').filter(({ file }) => file === 'default-partition-not-empty.md')) {
        await sql(text);
      }
      expect(await sql(`SELECT tableoid::regclass::text AS partition FROM generations WHERE id = $1`, [OLD])).toEqual([
        { partition: 'generations_2031_05' },
      ]);
    },
  },
  {
    alert: 'OutboxRowsParked',
    cause: async () => {
      // The twentieth refusal parks it: the nineteen before take minutes.
      await sql(
        `INSERT INTO outbox (id, tenant_id, dedupe_key, topic, payload, carrier, refusals)
         VALUES ($1, $2, $3, 'run-nothing', $4, '{}', 19)`,
        [ROW, tenantId, uuidv7(), { export_id: uuidv7(), tenant_id: tenantId }],
      );
    },
    mend: async () => {
      // The rollout that knows the topic is over.
      await sql(`UPDATE outbox SET topic = 'run-export' WHERE id = $1`, [ROW]);
      expect(await shell('aion outbox list')).toContain(ROW);
      const release = readBlocks('sh').find(({ text }) => text.startsWith('aion outbox release'));
      await shell(release?.text.replace('ID', ROW).replace('TENANT', tenantId) ?? 'false');
    },
  },
  {
    alert: 'SchemaDrift',
    cause: async () => {
      await sql('CREATE VIEW peek AS SELECT 1 AS n');
    },
    mend: async () => {
      await sql('DROP VIEW peek');
    },
  },
];

describeWithProgram('prometheus', 'the alerts on data', (prometheusPath) => {
  let prometheus: TestPrometheus;
  beforeAll(async () => {
    const env = { ...process.env, AION_SCHEMA_CHECK_MS: CHECK_MS, AION_AUDIT_VERIFY_MS: CHECK_MS };
    // The trail is verified from its first event at each look, so that what was edited long ago is noticed.
    platform = await startTestPlatform({ stateDir, env: { ...env, AION_AUDIT_FULL_VERIFY_MS: CHECK_MS } });
    ({ tenantId } = await createAccess(platform));
    database = new pg.Client({ connectionString: superuserUrl(stateDir, 'aion') });
    await database.connect();
    prometheus = await startPrometheus(prometheusPath, { targets: platform.adminUrls, rules: rules() });
  }, 90_000);
  afterAll(async () => {
    await prometheus.stop();
    await database.end();
    await platform.stop();
    rmSync(directory, { recursive: true, force: true });
  }, 60_000);

  it('are silent while all is well', async () => {
    await waitFor(async () => (await prometheus.value('count(up == 1)')) === 4, { describe: 'the first scrapes' });
    await waitFor(async () => (await prometheus.value('count(aion_sealed_rows)')) === 3, { describe: 'all metrics' });
    // More than twice the longest wait of these rules would be minutes: what is wrong now would be pending.
    expect(await prometheus.value('count(ALERTS{alertname!="DataMetricMissing"})')).toBe(0);
    // What the verifier knows outlives it.
    expect(readFileSync(join(stateDir, 'audit-heads.ndjson'), 'utf8')).toContain(tenantId);
  });

  describe('have runbooks', () => {
    const queries = readBlocks('promql');
    it.each(queries.map(({ file, text }) => [file, text]))(
      'with an answer, by %s, to %s',
      async (_file, query = '') => {
        // Rates are of what happens after the first scrape.
        await waitFor(async () => (await prometheus.value(`count(${query})`)) > 0, { describe: 'an answer' });
      },
    );

    const commands = readBlocks('sh').filter(({ text }) => !/\b(ID|TENANT)\b/.test(text));
    it.each(commands.map(({ file, text }) => [file, text]))(
      'with a command, by %s: %s',
      async (_file, command = '') => {
        expect(await shell(command)).not.toBe('');
      },
    );

    it.each(readBlocks('sql').map(({ file, text }) => [file, text]))(
      'with a statement, by %s: %s',
      async (_file, text) => {
        await sql(text);
      },
    );
  });

  it('tell of each fault, of nothing else, and stop when it was mended as the runbook says', async () => {
    for (const { cause } of FAULTS) await cause();
    const expected = FAULTS.map(({ alert }) => alert);
    const seen = new Set<string>();
    const firing = (names: readonly string[]) =>
      waitFor(
        async () => {
          const now = await prometheus.firing();
          for (const name of now) seen.add(name);
          return JSON.stringify(now) === JSON.stringify(names);
        },
        { describe: `${names.length} alerts to fire`, timeoutMs: 60_000, intervalMs: 500 },
      ).catch(async (error: unknown) => {
        throw new Error(`These fire: ${(await prometheus.firing()).join(', ')}`, { cause: error });
      });
    await firing(expected);
    for (const { mend } of FAULTS) await mend();
    await firing([]);
    expect([...seen].toSorted()).toEqual(expected);
  }, 150_000);
});
