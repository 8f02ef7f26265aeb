import { createMetrics } from '@aion/metrics';
import { v7 as uuidv7 } from 'uuid';
import { createGenerationStore, type GenerationStore } from '../src/generations/generation-store.ts';
import { createUsageRollup, type UsageRollup } from '../src/usage/usage-rollup.ts';
import { newGeneration, newSettlement } from './support/fixtures.ts';
import {
  createMigratedDatabase,
  createTestTenant,
  noMetrics,
  silentLogger,
  type MigratedDatabase,
} from './support/test-database.ts';

interface Party {
  readonly tenantId: string;
  readonly keyId: string;
}

let db: MigratedDatabase;
let generations: GenerationStore;
let usage: UsageRollup;
let tenant: Party;

beforeAll(async () => {
  db = await createMigratedDatabase();
  generations = createGenerationStore(db.database, { storeContent: true });
  usage = createUsageRollup({ database: db.database, logger: silentLogger, metrics: noMetrics });
});
beforeEach(async () => {
  await db.sql('TRUNCATE usage_daily, usage_deltas, generation_contents, generations');
  tenant = await createTestTenant(db.database);
});
afterAll(() => db.drop());

/** Ids are created with this time, so that the day stays the same when a test runs past midnight. */
const STARTED_AT_MS = Date.now();
const TODAY = new Date(STARTED_AT_MS).toISOString().slice(0, 10);
const ZERO = { generationsDifference: 0, tokensDifference: 0, costMicroUsdDifference: 0 };

const SUMS = `sum(succeeded)::integer AS succeeded, sum(failed)::integer AS failed, sum(prompt_tokens)::integer AS prompt,
  sum(completion_tokens)::integer AS completion, sum(cost_micro_usd)::integer AS cost`;
const sumsOf = async (table: string) => (await db.sql(`SELECT ${SUMS} FROM ${table}`))[0];
async function generate(count: number, party = tenant): Promise<string[]> {
  const ids = Array.from({ length: count }, () => uuidv7({ msecs: STARTED_AT_MS }));
  await Promise.all(ids.map((id) => generations.open(id, newGeneration(party))));
  await Promise.all(ids.map((id) => generations.settle(id, newSettlement(party.tenantId))));
  return ids;
}

describe('usage', () => {
  it('is recorded by the settling transaction and rolled up into the sums of its day', async () => {
    const ids = await generate(20);
    await generations.settle(ids[0]!, newSettlement(tenant.tenantId));
    await db.sql('UPDATE generations SET settled_at = now()');
    const sums = { succeeded: 20, failed: 0, prompt: 60, completion: 100, cost: 240 };
    expect(await sumsOf('usage_deltas')).toEqual(sums);
    expect(await usage.reconcile(TODAY, TODAY)).toEqual([{ day: TODAY, generations: 20, ...ZERO }]);
    await usage.rollUp();
    expect(await db.sql('SELECT 1 FROM usage_deltas')).toEqual([]);
    expect(await sumsOf('usage_daily')).toEqual(sums);
    await generate(5);
    await usage.rollUp();
    expect(await db.sql('SELECT api_key_id, model, succeeded::integer FROM usage_daily')).toEqual([
      { api_key_id: tenant.keyId, model: 'embedded/extractive', succeeded: 25 },
    ]);
    expect(await usage.reconcile(TODAY, TODAY)).toEqual([{ day: TODAY, generations: 25, ...ZERO }]);
  });

  it('excludes pending generations and settlements that were rolled back', async () => {
    const id = uuidv7();
    await generations.open(id, newGeneration(tenant));
    await expect(generations.settle(id, { ...newSettlement(tenant.tenantId), status: 'failed' })).rejects.toThrow();
    expect(await db.sql('SELECT 1 FROM usage_deltas')).toEqual([]);
    const failure = { status: 'failed' as const, error_type: 'internal_error' as const };
    await generations.settle(id, { ...newSettlement(tenant.tenantId), ...failure, usage_source: 'estimated' });
    expect(await db.sql('SELECT failed::integer, estimated::integer, succeeded::integer FROM usage_deltas')).toEqual([
      { failed: 1, estimated: 1, succeeded: 0 },
    ]);
  });

  it('belongs to the UTC day in which the generation began, however late it is settled', async () => {
    const yesterday = new Date(Date.parse(TODAY) - 1);
    const id = uuidv7({ msecs: yesterday.getTime() });
    await db.sql(
      `INSERT INTO generations (id, tenant_id, api_key_id, provider, model, stream, estimated_prompt_tokens, created_at)
       VALUES ($1, $2, $3, 'p', 'm', false, 1, uuid_v7_time($1))`,
      [id, tenant.tenantId, tenant.keyId],
    );
    await generations.settle(id, newSettlement(tenant.tenantId));
    await usage.rollUp();
    const [row] = await db.sql<{ day: string }>('SELECT day::text FROM usage_daily');
    expect(row?.day).toBe(yesterday.toISOString().slice(0, 10));
  });

  it('is rolled up exactly once by concurrent processes while settlements continue', async () => {
    const writing = (async () => {
      for (let round = 0; round < 10; round += 1) await generate(10);
    })();
    const rollingUp = Array.from({ length: 4 }, async () => {
      for (let round = 0; round < 10; round += 1) {
        await usage.rollUp();
        const days = await usage.reconcile(TODAY, TODAY);
        expect(days.map(({ generationsDifference }) => generationsDifference)).toEqual(days.map(() => 0));
      }
    });
    await Promise.all([writing, ...rollingUp]);
    await usage.rollUp();
    expect(await sumsOf('usage_daily')).toMatchObject({ succeeded: 100, completion: 500 });
    expect(await usage.reconcile(TODAY, TODAY)).toEqual([{ day: TODAY, generations: 100, ...ZERO }]);
  });

  it('stays complete when the rollup fails: nothing is moved', async () => {
    await generate(3);
    await db.sql('ALTER TABLE usage_daily ADD CONSTRAINT broken CHECK (succeeded < 0)');
    await expect(usage.rollUp()).rejects.toThrow();
    await db.sql('ALTER TABLE usage_daily DROP CONSTRAINT broken');
    expect(await usage.reconcile(TODAY, TODAY)).toEqual([{ day: TODAY, generations: 3, ...ZERO }]);
    await usage.rollUp();
    expect(await sumsOf('usage_daily')).toMatchObject({ succeeded: 3 });
  });

  it('is counted from rows that are inserted as settled', async () => {
    await db.sql(
      `INSERT INTO generations (id, tenant_id, api_key_id, provider, model, stream, estimated_prompt_tokens, created_at,
         status, prompt_tokens, completion_tokens, usage_source, cost_micro_usd, duration_ms, settled_at)
       SELECT id, $1, $2, 'p', 'm', false, 1, uuid_v7_time(id), 'succeeded', 1, 2, 'provider', 3, 4, now()
       FROM unnest($3::uuid[]) ids (id)`,
      [tenant.tenantId, tenant.keyId, Array.from({ length: 7 }, () => uuidv7({ msecs: STARTED_AT_MS }))],
    );
    expect(await usage.reconcile(TODAY, TODAY)).toEqual([{ day: TODAY, generations: 7, ...ZERO }]);
  });

  it('cannot be written by the role of the application', async () => {
    const row = `(id, tenant_id, day, api_key_id, provider, model) VALUES (gen_random_uuid(), $1, now(), $2, 'p', 'm')`;
    for (const text of [
      `INSERT INTO usage_daily ${row}`,
      `UPDATE usage_daily SET succeeded = 0 WHERE tenant_id = $1 AND api_key_id = $2`,
      `DELETE FROM usage_deltas WHERE tenant_id = $1 AND api_key_id = $2`,
    ]) {
      const run = db.database.withTenant(tenant.tenantId, (transaction) =>
        transaction.query({ table: 'usage_daily', text, values: [tenant.tenantId, tenant.keyId] }),
      );
      await expect(run).rejects.toMatchObject({ code: '42501' });
    }
  });
});

describe('consistency check of usage', () => {
  it('reports differences that cancel each other out between two tenants', async () => {
    const metrics = createMetrics({ service: 'database-gateway', version: '0', enabled: true });
    const rollup = createUsageRollup({ database: db.database, logger: silentLogger, metrics });
    const other = await createTestTenant(db.database);
    await generate(4);
    await generate(4, other);
    await rollup.rollUp();
    const shown = async () =>
      (await metrics.exposition()).body.match(/^aion_usage_(difference|rollup_lag_seconds) .*$/gm);
    await rollup.checkConsistency();
    expect(await shown()).toEqual(['aion_usage_rollup_lag_seconds 0', 'aion_usage_difference 0']);
    await db.sql('UPDATE usage_daily SET succeeded = succeeded + 1 WHERE tenant_id = $1', [tenant.tenantId]);
    await db.sql('UPDATE usage_daily SET succeeded = succeeded - 1 WHERE tenant_id = $1', [other.tenantId]);
    await rollup.checkConsistency();
    expect(await shown()).toContain('aion_usage_difference 2');
    expect(await usage.reconcile(TODAY, TODAY)).toMatchObject([{ generationsDifference: 2, tokensDifference: 0 }]);
  });

  it('reports the age of the oldest settlement that is not rolled up', async () => {
    const metrics = createMetrics({ service: 'database-gateway', version: '0', enabled: true });
    const rollup = createUsageRollup({ database: db.database, logger: silentLogger, metrics });
    await generate(1);
    await db.sql('UPDATE usage_deltas SET id = $1', [uuidv7({ msecs: Date.now() - 60_000 })]);
    const locked = 'SELECT pg_advisory_lock(hashtextextended($1, 0))';
    await db.sql(locked, ['aion-usage']);
    await rollup.rollUp();
    await db.sql('SELECT pg_advisory_unlock_all()');
    expect((await metrics.exposition()).body).toMatch(/^aion_usage_rollup_lag_seconds 6\d/m);
  });
});
