import { v7 as uuidv7 } from 'uuid';
import { createGenerationStore, type GenerationStore } from '../src/generations/generation-store.ts';
import { newGeneration, newSettlement } from './support/fixtures.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

let db: MigratedDatabase;
let generations: GenerationStore;
let tenant: { tenantId: string; keyId: string; prefix: string };

beforeAll(async () => {
  db = await createMigratedDatabase();
  generations = createGenerationStore(db.database, { storeContent: true });
  tenant = await createTestTenant(db.database);
});
afterAll(() => db.drop());

describe('generation', () => {
  const read = async (id: string) =>
    (
      await db.sql(
        `SELECT g.status, g.completion_tokens, g.settled_at IS NOT NULL AS settled, c.request::text, c.response::text
         FROM generations g LEFT JOIN generation_contents c ON c.generation_id = g.id WHERE g.id = $1`,
        [id],
      )
    )[0];

  it('is opened once and settled once: repetitions change nothing', async () => {
    const id = uuidv7();
    await generations.open(id, newGeneration(tenant));
    await generations.open(id, { ...newGeneration(tenant, 'another'), model: 'other' });
    expect(await read(id)).toMatchObject({ status: 'pending', settled: false, request: '{"prompt":"Hello"}' });
    await generations.settle(id, newSettlement(tenant.tenantId));
    await generations.settle(id, {
      ...newSettlement(tenant.tenantId, 'late'),
      status: 'failed' as const,
      error_type: 'internal_error' as const,
      completion_tokens: 99,
    });
    expect(await read(id)).toEqual({
      status: 'succeeded',
      completion_tokens: '5',
      settled: true,
      request: '{"prompt":"Hello"}',
      response: '{"text":"Hi"}',
    });
    await generations.open(id, newGeneration(tenant));
    expect(await read(id)).toMatchObject({ status: 'succeeded' });
  });

  it('stores content that jsonb would reject or change, and a request that is a bare value', async () => {
    const id = uuidv7();
    const request = { nul: 'a\u0000b', lone: '\ud800', big: 1e21, twice: '\\u0041\n"' };
    await generations.open(id, newGeneration(tenant, request));
    await generations.settle(id, newSettlement(tenant.tenantId, null));
    expect(await read(id)).toMatchObject({ request: JSON.stringify(request), response: null });
    const bare = uuidv7();
    await generations.open(bare, newGeneration(tenant, undefined));
    expect(await read(bare)).toMatchObject({ request: '{"prompt":"Hello"}' });
    const nothing = uuidv7();
    await generations.open(nothing, { ...newGeneration(tenant), request: undefined });
    expect(await read(nothing)).toMatchObject({ request: 'null' });
  });

  it('is not found when it was never opened, and requires a reason when it has failed', async () => {
    const id = uuidv7();
    await expect(generations.settle(id, newSettlement(tenant.tenantId))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await generations.open(id, newGeneration(tenant));
    await expect(generations.settle(id, { ...newSettlement(tenant.tenantId), status: 'failed' })).rejects.toMatchObject(
      { code: 'INVALID_REQUEST', param: 'error_type' },
    );
  });

  it('has no content while storage is off, even if it was on at the opening or at the settlement', async () => {
    const without = createGenerationStore(db.database, { storeContent: false });
    const id = uuidv7();
    await without.open(id, newGeneration(tenant));
    await generations.settle(id, newSettlement(tenant.tenantId));
    expect(await read(id)).toMatchObject({ status: 'succeeded', request: null, response: null });
    const other = uuidv7();
    await generations.open(other, newGeneration(tenant));
    await without.settle(other, newSettlement(tenant.tenantId));
    expect(await read(other)).toMatchObject({ status: 'succeeded', response: null });
  });

  it('is settled once by concurrent settlements', async () => {
    const id = uuidv7();
    await generations.open(id, newGeneration(tenant));
    await Promise.all(
      [1, 2, 3, 4, 5].map((tokens) =>
        generations.settle(id, { ...newSettlement(tenant.tenantId, { tokens }), completion_tokens: tokens }),
      ),
    );
    const row = await read(id);
    expect(row?.['response']).toBe(`{"tokens":${String(row?.['completion_tokens'])}}`);
  });
});

describe('schema', () => {
  it.each([
    ['a settled generation without tokens', `UPDATE generations SET status = 'succeeded', settled_at = now()`],
    ['a pending one with tokens', `UPDATE generations SET prompt_tokens = 1`],
    ['an unknown state', `UPDATE generations SET status = 'lost'`],
    ['content over two lines', `UPDATE generation_contents SET request = E'{\\n}'`],
    ['a ready export without a bundle', `UPDATE export_jobs SET state = 'ready', finished_at = now()`],
    ['a running export without a claim', `UPDATE export_jobs SET state = 'running'`],
    ['a failed export without a reason', `UPDATE export_jobs SET state = 'failed', finished_at = now()`],
    ['an unfinished export with an end', `UPDATE export_jobs SET finished_at = now()`],
    ['a key without scopes', `UPDATE api_keys SET scopes = '{}'`],
  ])('rejects %s', async (_what, statement) => {
    const id = uuidv7();
    await generations.open(id, newGeneration(tenant));
    await db.sql(
      `INSERT INTO export_jobs (id, tenant_id, api_key_id, recipient) VALUES ($1, $2, $3, 'age1x')
       ON CONFLICT DO NOTHING`,
      [uuidv7(), tenant.tenantId, tenant.keyId],
    );
    const where = statement.includes('UPDATE generations') ? ` WHERE id = '${id}'` : '';
    await expect(db.sql(statement + where)).rejects.toMatchObject({ code: '23514' });
  });
});
