import { internalRoute, type Caller, type Generation, routes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import { createGenerationStore, type GenerationStore } from '../src/generations/generation-store.ts';
import { createUsageRollup } from '../src/usage/usage-rollup.ts';
import { newGeneration, newSettlement } from './support/fixtures.ts';
import { createManagement, holderOf, type CallManagement } from './support/management.ts';
import {
  createMigratedDatabase,
  createTestTenant,
  noMetrics,
  silentLogger,
  type MigratedDatabase,
} from './support/test-database.ts';

const [usageOf, list, read, readContent] = [
  internalRoute(routes.usage.get),
  internalRoute(routes.generations.list),
  internalRoute(routes.generations.get),
  internalRoute(routes.generations.getContent),
];
type Filter = z.input<NonNullable<typeof routes.generations.list.query>>;
type UsageQuery = z.input<NonNullable<typeof routes.usage.get.query>>;

let db: MigratedDatabase;
let call: CallManagement;
let generations: GenerationStore;
let tenant: { tenantId: string; keyId: string };
let owner: Caller;
let stranger: Caller;

beforeAll(async () => {
  db = await createMigratedDatabase();
  call = createManagement(db.database);
  generations = createGenerationStore(db.database, { storeContent: true });
});
beforeEach(async () => {
  tenant = await createTestTenant(db.database);
  owner = holderOf(tenant);
  stranger = holderOf(await createTestTenant(db.database));
});
afterAll(() => db.drop());

async function add(change: Partial<ReturnType<typeof newGeneration>> = {}, id = uuidv7()): Promise<string> {
  await generations.open(id, { ...newGeneration(tenant), ...change });
  return id;
}
async function addSettled(change: Partial<ReturnType<typeof newGeneration>> = {}): Promise<string> {
  const id = await add(change);
  await generations.settle(id, newSettlement(tenant.tenantId));
  return id;
}
const page = async (query: Filter = {}, caller = owner) => (await call(list, caller, { query })).answer;
const idsOf = ({ data }: { data: Generation[] }) => data.map(({ id }) => id);
const report = async (query: UsageQuery = {}, caller = owner) => (await call(usageOf, caller, { query })).answer;

describe('generation routes', () => {
  it('list generations in pages that stay stable while others are added', async () => {
    const ids: string[] = [];
    for (let at = 0; at < 5; at += 1) ids.push(await add());
    const first = await page({ limit: 2 });
    expect(idsOf(first)).toEqual([ids[4], ids[3]]);
    await add();
    const second = await page({ limit: 2, cursor: first.next_cursor! });
    expect(idsOf(second)).toEqual([ids[2], ids[1]]);
    const third = await page({ limit: 2, cursor: second.next_cursor! });
    expect(idsOf(third)).toEqual([ids[0]]);
    expect(third.next_cursor).toBeNull();
    const oldest = await page({ limit: 3, order: 'asc' });
    expect(idsOf(oldest)).toEqual(ids.slice(0, 3));
    expect(idsOf(await page({ limit: 2, order: 'asc', cursor: oldest.next_cursor! }))).toEqual(ids.slice(3, 5));
  });

  it('list generations across month partitions', async () => {
    const insert = (instant: string) => {
      const id = uuidv7({ msecs: Date.parse(instant) });
      return db
        .sql(
          `INSERT INTO generations (id, tenant_id, api_key_id, provider, model, stream, estimated_prompt_tokens, created_at)
           VALUES ($1, $2, $3, 'p', 'm', false, 1, uuid_v7_time($1))`,
          [id, tenant.tenantId, tenant.keyId],
        )
        .then(() => id);
    };
    await db.sql(
      `SELECT create_month_partition('generations', month) FROM unnest('{2025-01-01,2025-02-01}'::date[]) month`,
    );
    const january = await insert('2025-01-31T23:59:59.999Z');
    const february = await insert('2025-02-01T00:00:00.000Z');
    const now = await add();
    expect(idsOf(await page())).toEqual([now, february, january]);
    const first = await page({ limit: 1, order: 'asc' });
    expect(idsOf(await page({ limit: 1, order: 'asc', cursor: first.next_cursor! }))).toEqual([february]);
    expect(idsOf(await page({ from: '2025-02-01T00:00:00Z', to: '2025-02-01T00:00:00.001Z' }))).toEqual([february]);
    expect(idsOf(await page({ to: '2025-01-31T23:59:59.9995Z' }))).toEqual([january]);
    expect(idsOf(await page({ from: '2025-01-31T23:59:59.9995Z', to: '2025-03-01T00:00:00Z' }))).toEqual([february]);
    expect(idsOf(await page({ from: '0001-01-01T00:00:00Z', to: '9998-01-01T00:00:00Z' }))).toHaveLength(3);
  });

  it('filter generations by status, provider, model, project and key', async () => {
    const project = uuidv7();
    await db.sql('INSERT INTO projects (id, tenant_id, name) VALUES ($1, $2, $3)', [project, tenant.tenantId, 'P']);
    const plain = await addSettled();
    await db.sql('UPDATE api_keys SET project_id = $1 WHERE id = $2', [project, tenant.keyId]);
    const other = await add({ provider: 'openai', model: 'gpt' });
    expect(idsOf(await page({ status: 'succeeded' }))).toEqual([plain]);
    expect(idsOf(await page({ status: 'pending' }))).toEqual([other]);
    expect(idsOf(await page({ provider: 'openai' }))).toEqual([other]);
    expect(idsOf(await page({ model: 'embedded/extractive' }))).toEqual([plain]);
    expect(idsOf(await page({ project_id: project }))).toEqual([other]);
    expect(idsOf(await page({ api_key_id: tenant.keyId }))).toEqual([other, plain]);
    expect(idsOf(await page({ api_key_id: uuidv7() }))).toEqual([]);
  });

  it('return all fields of a generation, to its own tenant only', async () => {
    const id = await addSettled();
    const { answer } = await call(read, owner, { params: { generation_id: id } });
    expect(answer).toMatchObject({ id, tenant_id: tenant.tenantId, status: 'succeeded', cost_micro_usd: 12 });
    expect(answer).toEqual((await page()).data[0]);
    const missing = { code: 'NOT_FOUND', message: `There is no generation ${id}.` };
    await expect(call(read, stranger, { params: { generation_id: id } })).rejects.toMatchObject(missing);
    expect((await page({}, stranger)).data).toEqual([]);
    const old = '00000000-0000-4000-8000-000000000000';
    await expect(call(read, owner, { params: { generation_id: old } })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('content of a generation', () => {
  it('is read with an audit event, by its own tenant only', async () => {
    const id = await addSettled({ request: { prompt: 'Hello' } });
    const params = { generation_id: id };
    const events = () =>
      db.sql('SELECT actor, action, outcome FROM audit_events WHERE target_id = $1 AND target_type = $2', [
        id,
        'generation',
      ]);
    await expect(call(readContent, stranger, { params })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await events()).toEqual([]);
    const { answer } = await call(readContent, owner, { params });
    expect(answer).toEqual({ generation_id: id, request: { prompt: 'Hello' }, response: { text: 'Hi' } });
    expect(await events()).toEqual([{ actor: owner.actor, action: 'generation.content_read', outcome: 'success' }]);
  });

  it('is not found when none was stored', async () => {
    await db.sql('UPDATE tenants SET store_content = false WHERE id = $1', [tenant.tenantId]);
    const id = await addSettled();
    await expect(call(readContent, owner, { params: { generation_id: id } })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `No content is stored of a generation ${id}.`,
    });
  });

  it('can be read only with keys of the tenant', () => {
    expect(routes.generations.getContent.auth).toEqual({ kind: 'key', scope: 'content:read' });
  });
});

describe('usage of a tenant', () => {
  /** Ids are created with this time, so that the day stays the same when a test runs past midnight. */
  const STARTED_AT_MS = Date.now();
  const dayOf = (instantMs: number) => new Date(instantMs).toISOString().slice(0, 10);
  const TODAY = dayOf(STARTED_AT_MS);
  const addSettled = async (change: Partial<ReturnType<typeof newGeneration>> = {}): Promise<void> => {
    const id = await add(change, uuidv7({ msecs: STARTED_AT_MS }));
    await generations.settle(id, newSettlement(tenant.tenantId));
  };
  const rollup = () => createUsageRollup({ database: db.database, logger: silentLogger, metrics: noMetrics });

  it('is exact immediately, before, after and between two rollups', async () => {
    const sums = { generations: 2, succeeded: 2, prompt_tokens: 6, completion_tokens: 10, cost_micro_usd: 24 };
    await addSettled();
    await rollup().rollUp();
    await addSettled();
    await add();
    const { to, total } = await report();
    expect([total, [TODAY, dayOf(Date.now())].includes(to)]).toEqual([expect.objectContaining(sums), true]);
    await rollup().rollUp();
    expect((await report()).total).toMatchObject(sums);
    expect((await report({}, stranger)).total).toMatchObject({ generations: 0, cost_micro_usd: 0 });
  });

  it('is grouped and filtered by the requested fields', async () => {
    await addSettled();
    await addSettled({ provider: 'openai', model: 'gpt' });
    await rollup().rollUp();
    await addSettled({ provider: 'openai', model: 'gpt' });
    const byModel = await report({ group_by: 'model,day' });
    expect(byModel.data).toMatchObject([
      { day: TODAY, model: 'embedded/extractive', generations: 1 },
      { day: TODAY, model: 'gpt', generations: 2 },
    ]);
    expect(Object.keys(byModel.data[0]!)).not.toContain('provider');
    const all = await report({ group_by: 'day,provider,model,project,api_key', provider: 'openai' });
    expect(all.data).toEqual([
      {
        day: TODAY,
        provider: 'openai',
        model: 'gpt',
        project_id: null,
        api_key_id: tenant.keyId,
        generations: 2,
        succeeded: 2,
        failed: 0,
        cancelled: 0,
        estimated: 0,
        prompt_tokens: 6,
        completion_tokens: 10,
        cost_micro_usd: 24,
      },
    ]);
    expect((await report({ model: 'gpt' })).total.generations).toBe(2);
    expect((await report({ api_key_id: uuidv7() })).total.generations).toBe(0);
    expect((await report({ project_id: uuidv7() })).total.generations).toBe(0);
  });

  it('covers the requested days, by default thirty', async () => {
    await addSettled();
    expect(await report({ to: '2026-03-01' })).toMatchObject({ from: '2026-01-31', total: { generations: 0 } });
    expect((await report({ from: TODAY, to: TODAY })).total.generations).toBe(1);
    for (const query of [
      { from: '2026-02-02', to: '2026-02-01' },
      { from: '2024-01-01', to: '2025-01-01' },
    ]) {
      await expect(report(query)).rejects.toMatchObject({ code: 'INVALID_REQUEST', param: 'from' });
    }
    expect((await report({ from: '2024-01-01', to: '2024-12-31' })).total.generations).toBe(0);
    expect(routes.usage.get.query?.safeParse({ group_by: 'day,tenant' }).success).toBe(false);
  });
});
