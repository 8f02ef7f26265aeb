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

/** Reads the alert rules and divides their `for` durations by 30. */
function readRules(): string {
  const text = readFileSync(join(root, 'ops/prometheus/rules/aion-data.yml'), 'utf8');
  return text.replaceAll(/for: (\d+)m/g, (_match, minutes: string) => `for: ${Number(minutes) * 2}s`);
}

let platform: Platform;
let database: pg.Client;
let tenantId: string;

/** Runs a command line of a runbook; `aion` is the command-line tool with the key of the operator. */
async function shell(command: string): Promise<string> {
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', command], {
    env: {
      PATH: `${join(root, 'packages/cli/bin')}:${process.env['PATH']}`,
      ADMIN: platform.adminUrls['database-gateway'],
      AION_URL: platform.baseUrl,
      AION_API_KEY: platform.operatorKey,
    },
  });
  return stdout;
}

async function sql<R extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> {
  return (await database.query<R>(text, values)).rows;
}

/** A fault with the alert that it fires and the fix of the runbook. */
interface Fault {
  readonly alert: string;
  readonly cause: () => Promise<void>;
  readonly fix: () => Promise<void>;
}

const OLD = uuidv7({ msecs: Date.parse('2031-05-05T00:00:00Z') });
const ROW = uuidv7();
/** Disables triggers, which only a superuser may do. */
const DISABLE_TRIGGERS = 'SET session_replication_role = replica';
const ENABLE_TRIGGERS = 'RESET session_replication_role';

const FAULTS: readonly Fault[] = [
  {
    alert: 'AuditChainBroken',
    cause: async () => {
      await sql(DISABLE_TRIGGERS);
      await sql(`UPDATE audit_events SET actor = actor || 'x' WHERE tenant_id = $1 AND seq = 1`, [tenantId]);
      await sql(ENABLE_TRIGGERS);
    },
    fix: async () => {
      await sql(DISABLE_TRIGGERS);
      await sql(`UPDATE audit_events SET actor = left(actor, -1) WHERE tenant_id = $1 AND seq = 1`, [tenantId]);
      await sql(ENABLE_TRIGGERS);
    },
  },
  {
    alert: 'DefaultPartitionNotEmpty',
    cause: async () => {
      await sql(DISABLE_TRIGGERS);
      await sql(
        `INSERT INTO generations (id, tenant_id, api_key_id, provider, model, stream, estimated_prompt_tokens, created_at)
         SELECT $1, tenant_id, id, 'embedded', 'm', false, 1, uuid_v7_time($1) FROM api_keys WHERE tenant_id = $2`,
        [OLD, tenantId],
      );
      await sql(ENABLE_TRIGGERS);
    },
    fix: async () => {
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
      // The twentieth failed delivery dead-letters the row; nineteen retries would take minutes.
      await sql(
        `INSERT INTO outbox (id, tenant_id, dedupe_key, topic, payload, carrier, refusals)
         VALUES ($1, $2, $3, 'run-nothing', $4, '{}', 19)`,
        [ROW, tenantId, uuidv7(), { export_id: uuidv7(), tenant_id: tenantId }],
      );
    },
    fix: async () => {
      // Simulates a completed rollout that handles the topic.
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
    fix: async () => {
      await sql('DROP VIEW peek');
    },
  },
];

describeWithProgram('prometheus', 'the alerts about data', (prometheusPath) => {
  let prometheus: TestPrometheus;
  beforeAll(async () => {
    const env = { ...process.env, AION_SCHEMA_CHECK_MS: CHECK_MS, AION_AUDIT_VERIFY_MS: CHECK_MS };
    // Each check verifies the trail from its first event, so that changes of old events are detected.
    platform = await startTestPlatform({ stateDir, env: { ...env, AION_AUDIT_FULL_VERIFY_MS: CHECK_MS } });
    ({ tenantId } = await createAccess(platform));
    database = new pg.Client({ connectionString: superuserUrl(stateDir, 'aion') });
    await database.connect();
    prometheus = await startPrometheus(prometheusPath, { targets: platform.adminUrls, rules: readRules() });
  }, 90_000);
  afterAll(async () => {
    await prometheus.stop();
    await database.end();
    await platform.stop();
    rmSync(directory, { recursive: true, force: true });
  }, 60_000);

  it('do not fire without a fault', async () => {
    await waitFor(async () => (await prometheus.value('count(up == 1)')) === 4, { describe: 'the first scrapes' });
    await waitFor(async () => (await prometheus.value('count(aion_sealed_rows)')) === 3, { describe: 'all metrics' });
    // Waiting for the longest `for` duration would take minutes; an active condition would already be pending.
    expect(await prometheus.value('count(ALERTS{alertname!="DataMetricMissing"})')).toBe(0);
    // The heads that the verifier knows are stored.
    expect(readFileSync(join(stateDir, 'audit-heads.ndjson'), 'utf8')).toContain(tenantId);
  });

  describe('have runbooks in which', () => {
    const queries = readBlocks('promql');
    it.each(queries.map(({ file, text }) => [file, text]))(
      '%s contains a query with a result: %s',
      async (_file, query = '') => {
        // Rates count only increases after the first scrape.
        await waitFor(async () => (await prometheus.value(`count(${query})`)) > 0, { describe: 'a result' });
      },
    );

    const commands = readBlocks('sh').filter(({ text }) => !/\b(ID|TENANT)\b/.test(text));
    it.each(commands.map(({ file, text }) => [file, text]))(
      '%s contains a command that succeeds: %s',
      async (_file, command = '') => {
        expect(await shell(command)).not.toBe('');
      },
    );

    it.each(readBlocks('sql').map(({ file, text }) => [file, text]))(
      '%s contains a statement that succeeds: %s',
      async (_file, text) => {
        await sql(text);
      },
    );
  });

  it('fire for each fault and for nothing else, and resolve after the fix of the runbook', async () => {
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
        throw new Error(`Firing alerts: ${(await prometheus.firing()).join(', ')}`, { cause: error });
      });
    await firing(expected);
    for (const { fix } of FAULTS) await fix();
    await firing([]);
    expect([...seen].toSorted()).toEqual(expected);
  }, 150_000);
});
