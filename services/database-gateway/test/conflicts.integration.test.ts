import { createMetrics, type Metrics } from '@aion/metrics';
import { createDatabase, type Database } from '../src/database/database.ts';
import {
  createMigratedDatabase,
  createTestTenant,
  silentLogger,
  type MigratedDatabase,
} from './support/test-database.ts';

let db: MigratedDatabase;
let metrics: Metrics;
let database: Database;
let tenantId: string;
let keyIds: [string, string];
beforeAll(async () => {
  db = await createMigratedDatabase();
  const [one, other] = [await createTestTenant(db.database), await createTestTenant(db.database)];
  ({ tenantId } = one);
  await db.sql('UPDATE api_keys SET tenant_id = $1 WHERE id = $2', [tenantId, other.keyId]);
  keyIds = [one.keyId, other.keyId];
});
beforeEach(() => {
  metrics = createMetrics({ service: 'test', version: '0', enabled: true });
  database = createDatabase({ pool: db.pool, metrics, logger: silentLogger });
});
afterAll(() => db.drop());

/** Writes both keys in the given order, and waits for `between` before the second one. */
function rename(order: readonly string[], name: string, between: () => Promise<void>): Promise<number> {
  let runs = 0;
  return database.withTenant(tenantId, async (transaction) => {
    runs += 1;
    for (const [at, id] of order.entries()) {
      if (at === 1 && runs === 1) await between();
      await transaction.query({
        table: 'api_keys',
        text: 'UPDATE api_keys SET name = name || $3 WHERE tenant_id = $1 AND id = $2',
        values: [tenantId, id, name],
      });
    }
    return runs;
  });
}

/** Returns the numbers of retried transactions, by error. */
async function retries(): Promise<readonly string[]> {
  const { body } = await metrics.exposition();
  return [...body.matchAll(/^db_transaction_retries_total\{error="(\w+)"\} (\d+)$/gm)].map(
    ([, error, count]) => `${error} ${count}`,
  );
}

const names = async () =>
  (await db.sql<{ name: string }>('SELECT name FROM api_keys WHERE tenant_id = $1 ORDER BY id', [tenantId])).map(
    ({ name }) => name,
  );

describe('transaction', () => {
  it('that is aborted in a deadlock is retried, and both transactions take effect once', async () => {
    const [before] = await names();
    const bothHoldOne = Promise.withResolvers<undefined>();
    let holding = 0;
    const between = async (): Promise<void> => {
      holding += 1;
      if (holding === 2) bothHoldOne.resolve(undefined);
      await bothHoldOne.promise;
    };
    const runs = await Promise.all([rename(keyIds, 'a', between), rename([...keyIds].reverse(), 'b', between)]);
    expect(runs.toSorted()).toEqual([1, 2]);
    const [name = ''] = await names();
    expect(['ab', 'ba']).toContain(name.slice(before?.length));
    expect(await retries()).toEqual(['serialization 0', 'deadlock 1']);
  });

  it('with repeated conflicts fails after four attempts', async () => {
    let runs = 0;
    const failing = database.withTenant(tenantId, (transaction) => {
      runs += 1;
      return transaction.query({
        functionOf: 'pg_catalog',
        text: `DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = 'serialization_failure'; END $$`,
      });
    });
    await expect(failing).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(runs).toBe(4);
    expect(await retries()).toEqual(['serialization 3', 'deadlock 0']);
  });

  it('that fails for another reason is not retried', async () => {
    let runs = 0;
    const failing = database.withTenant(tenantId, (transaction) => {
      runs += 1;
      return transaction.query({ functionOf: 'pg_catalog', text: 'SELECT 1 / 0' });
    });
    await expect(failing).rejects.toMatchObject({ code: '22012' });
    expect(runs).toBe(1);
    expect(await retries()).toEqual(['serialization 0', 'deadlock 0']);
  });
});

describe('statement outside of transactions', () => {
  it('that is aborted in a deadlock is retried automatically', async () => {
    // A sequence counts the attempts, since a rollback does not reset it.
    await db.sql('CREATE SEQUENCE runs; GRANT USAGE ON runs TO aion_app');
    await database.query({
      functionOf: 'pg_catalog',
      text: `DO $$ BEGIN
        IF nextval('runs') < 3 THEN RAISE EXCEPTION 'conflict' USING ERRCODE = 'deadlock_detected'; END IF;
      END $$`,
    });
    expect(await db.sql('SELECT last_value::int AS runs FROM runs')).toEqual([{ runs: 3 }]);
    expect(await retries()).toEqual(['serialization 0', 'deadlock 2']);
  });
});
