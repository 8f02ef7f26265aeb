import { v7 as uuidv7 } from 'uuid';
import { createDatabase } from '../src/database/database.ts';
import { createGenerationStore, type GenerationStore } from '../src/generations/generation-store.ts';
import { writeBatch } from '../src/generations/write-batch.ts';
import { newGeneration, newSettlement } from './support/fixtures.ts';
import {
  createMigratedDatabase,
  createTestPool,
  createTestTenant,
  noMetrics,
  silentLogger,
  type MigratedDatabase,
} from './support/test-database.ts';

let db: MigratedDatabase;
let generations: GenerationStore;
let tenant: { tenantId: string; keyId: string };
let stranger: { tenantId: string; keyId: string };
let transactions: number;

beforeAll(async () => {
  db = await createMigratedDatabase();
  const connect = () => {
    transactions += 1;
    return db.pool.connect();
  };
  const database = createDatabase({ pool: { ...db.pool, connect }, metrics: noMetrics, logger: silentLogger });
  generations = createGenerationStore(database, { storeContent: true });
  tenant = await createTestTenant(db.database);
  stranger = await createTestTenant(db.database);
});
beforeEach(() => {
  transactions = 0;
});
afterAll(() => db.drop());

const outcomesOf = async (calls: Promise<void>[]) =>
  (await Promise.allSettled(calls)).map((result) =>
    result.status === 'fulfilled' ? 'done' : (result.reason as { code: string }).code,
  );
const statusOf = async (id: string) =>
  (await db.sql<{ status: string }>('SELECT status FROM generations WHERE id = $1', [id]))[0]?.status;

describe('concurrent writes of generations', () => {
  it('share a transaction, each with its own row, content and settlement', async () => {
    const ids = Array.from({ length: 100 }, () => uuidv7());
    await Promise.all(ids.map((id) => generations.open(id, newGeneration(tenant, { prompt: id }))));
    expect(transactions).toBe(1);
    await Promise.all(
      ids.map((id, at) =>
        generations.settle(id, { ...newSettlement(tenant.tenantId, { text: id }), completion_tokens: at }),
      ),
    );
    expect(transactions).toBe(2);
    const rows = await db.sql(
      `SELECT g.id, g.status, g.completion_tokens::integer AS tokens, c.request, c.response FROM generations g
       JOIN generation_contents c ON c.generation_id = g.id WHERE g.id = ANY ($1) ORDER BY g.completion_tokens`,
      [ids],
    );
    expect(rows).toEqual(
      ids.map((id, tokens) => ({ id, status: 'succeeded', tokens, request: { prompt: id }, response: { text: id } })),
    );
  });

  it('fail separately: each caller gets the result of its own row', async () => {
    const [taken, known, ...fresh] = Array.from({ length: 8 }, () => uuidv7());
    await generations.open(taken!, newGeneration(stranger));
    await generations.open(known!, newGeneration(tenant));
    const good = newGeneration(tenant);
    const opened = await outcomesOf([
      generations.open(fresh[0]!, good),
      generations.open(taken!, good),
      generations.open(fresh[1]!, { ...good, api_key_id: stranger.keyId }),
      generations.open(fresh[2]!, { ...good, model: 'm'.repeat(300) }),
      generations.open(known!, good),
      generations.open(fresh[3]!.toUpperCase(), good),
      generations.open(fresh[0]!, good),
    ]);
    expect(opened).toEqual(['done', 'CONFLICT', 'CONFLICT', '23514', 'done', 'done', 'done']);
    const settlement = newSettlement(tenant.tenantId);
    const settled = await outcomesOf([
      generations.settle(fresh[0]!, settlement),
      generations.settle(taken!, settlement),
      generations.settle(fresh[1]!, settlement),
      generations.settle('00000000-0000-4000-8000-000000000000', settlement),
      generations.settle(known!, { ...settlement, status: 'failed' }),
      generations.settle(fresh[3]!.toUpperCase(), settlement),
      generations.settle(fresh[0]!, settlement),
    ]);
    expect(settled).toEqual(['done', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', 'INVALID_REQUEST', 'done', 'done']);
    const statuses = [];
    for (const id of [fresh[0]!, taken!, fresh[1]!, fresh[2]!, known!, fresh[3]!]) statuses.push(await statusOf(id));
    expect(statuses).toEqual(['succeeded', 'pending', undefined, undefined, 'pending', 'succeeded']);
  });

  it('with the same id run one after another, and the first one wins', async () => {
    const id = uuidv7();
    await Promise.all(['a', 'b'].map((prompt) => generations.open(id, newGeneration(tenant, { prompt }))));
    expect(transactions).toBe(2);
    await Promise.all(['a', 'b'].map((text) => generations.settle(id, newSettlement(tenant.tenantId, { text }))));
    expect(transactions).toBe(4);
    expect(await db.sql('SELECT request, response FROM generation_contents WHERE generation_id = $1', [id])).toEqual([
      { request: { prompt: 'a' }, response: { text: 'a' } },
    ]);
  });

  it('run in a transaction of their own tenant', async () => {
    const calls = [tenant, stranger, tenant, stranger].map((party) => ({ id: uuidv7(), party }));
    await Promise.all(calls.map(({ id, party }) => generations.open(id, newGeneration(party))));
    expect(transactions).toBe(2);
    for (const { id, party } of calls) {
      expect(await db.sql('SELECT tenant_id FROM generations WHERE id = $1', [id])).toEqual([
        { tenant_id: party.tenantId },
      ]);
    }
  });

  it('all fail when their transaction fails, and succeed when they are repeated', async () => {
    const ids = [uuidv7(), uuidv7()];
    await db.sql('BEGIN; LOCK TABLE tenants IN ACCESS EXCLUSIVE MODE');
    const impatient = createTestPool(db.appUrl);
    const connect = async () => {
      const client = await impatient.connect();
      await client.query(`SET statement_timeout = '50ms'`);
      return client;
    };
    const failing = createGenerationStore(
      createDatabase({ pool: { ...impatient, connect }, metrics: noMetrics, logger: silentLogger }),
      { storeContent: true },
    );
    const failed = await outcomesOf(ids.map((id) => failing.open(id, newGeneration(tenant))));
    await db.sql('ROLLBACK');
    await impatient.close();
    expect(failed).toEqual(['UNAVAILABLE', 'UNAVAILABLE']);
    expect(await outcomesOf(ids.map((id) => generations.open(id, newGeneration(tenant))))).toEqual(['done', 'done']);
  });

  it('do not wait for another group when one is too large for a statement', async () => {
    const ids = Array.from({ length: 600 }, () => uuidv7());
    await Promise.all(ids.map((id) => generations.open(id, newGeneration(tenant))));
    expect(transactions).toBe(3);
    const large = { text: 'x'.repeat(3 * 1_048_576) };
    await Promise.all([1, 2].map(() => generations.open(uuidv7(), newGeneration(tenant, large))));
    expect(transactions).toBe(5);
  });
});

describe('batch', () => {
  it('opens and settles generations of any tenants, and returns the result of each', async () => {
    const [pending, known, fresh, foreign] = Array.from({ length: 4 }, () => uuidv7());
    await generations.open(pending!, newGeneration(tenant));
    await generations.open(known!, newGeneration(stranger));
    const origin = { trace_id: 'ab'.repeat(16), correlation_id: 'work-7' };
    const outcomes = await writeBatch(generations, {
      opened: [
        { ...newGeneration(tenant), ...origin, generation_id: fresh! },
        { ...newGeneration({ ...tenant, keyId: stranger.keyId }), ...origin, generation_id: foreign! },
      ],
      settled: [
        { ...newSettlement(tenant.tenantId), generation_id: known! },
        { ...newSettlement(tenant.tenantId), generation_id: pending! },
        { ...newSettlement(stranger.tenantId), generation_id: known! },
      ],
    });
    expect(outcomes).toEqual({
      opened: [null, expect.objectContaining({ code: 'CONFLICT', param: 'api_key_id' })],
      settled: [expect.objectContaining({ code: 'NOT_FOUND' }), null, null],
    });
    expect(await db.sql('SELECT trace_id, correlation_id FROM generations WHERE id = $1', [fresh])).toEqual([origin]);
    expect([await statusOf(pending!), await statusOf(known!)]).toEqual(['succeeded', 'succeeded']);
  });
});

describe('generation', () => {
  it('stores no content from the moment its tenant forbids it', async () => {
    const silent = await createTestTenant(db.database);
    const [before, after] = [uuidv7(), uuidv7()];
    await generations.open(before, newGeneration(silent));
    await db.sql('UPDATE tenants SET store_content = false WHERE id = $1', [silent.tenantId]);
    await generations.settle(before, newSettlement(silent.tenantId));
    await generations.open(after, newGeneration(silent));
    await generations.settle(after, newSettlement(silent.tenantId));
    expect([await statusOf(before), await statusOf(after)]).toEqual(['succeeded', 'succeeded']);
    const contents = await db.sql(
      'SELECT generation_id, response FROM generation_contents WHERE generation_id = ANY ($1)',
      [[before, after]],
    );
    expect(contents).toEqual([{ generation_id: before, response: null }]);
  });

  it('belongs to the project of its key', async () => {
    const id = uuidv7();
    const project = uuidv7();
    const keyed = await createTestTenant(db.database);
    await db.sql('INSERT INTO projects (id, tenant_id, name) VALUES ($1, $2, $3)', [project, keyed.tenantId, 'P']);
    await db.sql('UPDATE api_keys SET project_id = $1 WHERE id = $2', [project, keyed.keyId]);
    await generations.open(id, newGeneration(keyed));
    expect(await db.sql('SELECT project_id FROM generations WHERE id = $1', [id])).toEqual([{ project_id: project }]);
  });
});
