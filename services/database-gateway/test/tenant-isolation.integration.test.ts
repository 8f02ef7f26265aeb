import { v7 as uuidv7 } from 'uuid';
import { recordAuditEvent } from '../src/audit/record-audit-event.ts';
import { DATA_MAP, type TableEntry } from '../src/data-map/data-map.ts';
import type { ConnectionPool } from '../src/database/connection-pool.ts';
import { createDatabase, type Database } from '../src/database/database.ts';
import { createExportClaims } from '../src/exports/export-claims.ts';
import { createExportStore } from '../src/exports/export-store.ts';
import { createGenerationStore } from '../src/generations/generation-store.ts';
import { insertOutboxRow } from '../src/outbox/outbox-store.ts';
import {
  addGeneration,
  claimNewExport,
  completeNewExport,
  FILES,
  newGeneration,
  newSettlement,
  NO_PROGRESS,
  RECIPIENT,
  requestExport,
} from './support/fixtures.ts';
import {
  createMigratedDatabase,
  createTestPool,
  createTestTenant,
  noMetrics,
  silentLogger,
  type MigratedDatabase,
} from './support/test-database.ts';

let db: MigratedDatabase;
let superuserPool: ConnectionPool;
/** Every policy is off for it: what it protects, the predicates of the queries protect. */
let withoutPolicies: Database;
let owner: { tenantId: string; keyId: string };
let stranger: { tenantId: string; keyId: string };

const tenantTables = (Object.entries(DATA_MAP) as [string, TableEntry][]).filter(([, entry]) => entry.tenantColumn);

beforeAll(async () => {
  db = await createMigratedDatabase();
  superuserPool = createTestPool(db.superuserUrl);
  withoutPolicies = createDatabase({ pool: superuserPool, metrics: noMetrics, logger: silentLogger });
  owner = await createTestTenant(db.database);
  stranger = await createTestTenant(db.database);
  for (const tenant of [owner, stranger]) {
    await addGeneration(db.database, tenant);
    await completeNewExport(db.database, tenant);
  }
});
afterAll(async () => {
  await superuserPool.close();
  await db.drop();
});

/** Everything of a tenant, as text, to see whether anything has changed. */
async function contentsOf(tenantId: string): Promise<string> {
  const parts: unknown[] = [];
  for (const [table, { tenantColumn }] of tenantTables) {
    const where = `${String(tenantColumn)} = $1`;
    parts.push(await db.sql(`SELECT to_jsonb(t)::text AS row FROM ${table} t WHERE ${where} ORDER BY 1`, [tenantId]));
  }
  return JSON.stringify(parts);
}

describe.each([
  ['by the policies and the predicates', () => db.database],
  ['by the predicates of the queries alone', () => withoutPolicies],
])("another tenant's data is out of reach %s", (_title, database) => {
  it('in generations', async () => {
    const id = await addGeneration(db.database, owner);
    const before = await contentsOf(owner.tenantId);
    const generations = createGenerationStore(database(), { storeContent: true });
    await expect(generations.open(id, newGeneration(stranger))).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(generations.settle(id, newSettlement(stranger.tenantId))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await contentsOf(owner.tenantId)).toBe(before);
  });

  it('in the reading of exports', async () => {
    const { id } = await completeNewExport(db.database, owner);
    const before = await contentsOf(owner.tenantId);
    const exports = createExportStore(database());
    await expect(exports.read(stranger.tenantId, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(exports.readFiles(stranger.tenantId, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const download = { tenant_id: stranger.tenantId, action: 'export.downloaded' as const, actor: 'x', path: null };
    await expect(exports.recordDownload(id, download)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const listed = await exports.list(stranger.tenantId, 100);
    expect(listed.every((item) => item.tenant_id === stranger.tenantId)).toBe(true);
    expect(await contentsOf(owner.tenantId)).toBe(before);
    expect((await exports.read(owner.tenantId, id)).id).toBe(id);
    expect((await exports.readFiles(owner.tenantId, id)).files).toEqual(FILES);
  });

  it('in the work on exports', async () => {
    const { id, epoch } = await claimNewExport(db.database, owner);
    const before = await contentsOf(owner.tenantId);
    const claims = createExportClaims(database());
    const as = { tenant_id: stranger.tenantId, epoch };
    const lease = { lease_ms: 1_000, state: 'sealing' as const, progress: NO_PROGRESS };
    const completion = { manifest_sha256: 'ab'.repeat(32), rows: 1, files: FILES };
    for (const attempt of [
      claims.claim(id, { tenant_id: stranger.tenantId, lease_ms: 1_000 }),
      claims.check(stranger.tenantId, id, epoch),
      claims.renew(id, { ...as, ...lease }),
      claims.complete(id, { ...as, ...completion }, 'x'),
      claims.fail(id, { ...as, code: 'x', message: 'x' }, 'x'),
    ]) {
      await expect(attempt).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    expect(await contentsOf(owner.tenantId)).toBe(before);
    await claims.fail(id, { tenant_id: owner.tenantId, epoch, code: 'x', message: 'x' }, 'x');
  });

  it('by reference: a row cannot point to a key of another tenant', async () => {
    const foreignKey = { tenantId: stranger.tenantId, keyId: owner.keyId };
    const generations = createGenerationStore(database(), { storeContent: true });
    await expect(generations.open(uuidv7(), newGeneration(foreignKey))).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(requestExport(database(), foreignKey)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: `Tenant ${stranger.tenantId} has no key ${owner.keyId}.`,
    });
  });
});

describe('row-level security alone', () => {
  it.each(tenantTables)('shows of %s only the rows of the tenant, without any predicate', async (table, entry) => {
    const seen = await db.database.withTenant(owner.tenantId, (transaction) =>
      transaction.query<{ tenant: string }>({
        operation: 'SELECT',
        table: 'pg_catalog',
        text: `SELECT DISTINCT ${String(entry.tenantColumn)} AS tenant FROM ${table}`,
      }),
    );
    expect(seen).toEqual([{ tenant: owner.tenantId }]);
  });

  it.each(tenantTables)('shows nothing of %s outside of a tenant', async (table) => {
    const select = { operation: 'SELECT', table: 'pg_catalog', text: `SELECT * FROM ${table}` } as const;
    // Again on the same connections, on which the setting has been a tenant's before: it is '' then.
    for (let i = 0; i < 3; i++) {
      await db.database.withTenant(owner.tenantId, (transaction) => transaction.query(select));
      expect(await db.database.query(select)).toEqual([]);
    }
  });

  it('refuses to write a row of another tenant', async () => {
    const insert = (text: string, values: unknown[]) =>
      db.database.withTenant(stranger.tenantId, (transaction) =>
        transaction.query({ operation: 'CALL', table: 'pg_catalog', text, values }),
      );
    const denied = { code: '42501' };
    const { tenantId, keyId } = owner;
    await expect(insert('INSERT INTO tenants (id, name) VALUES ($1, $2)', [uuidv7(), 'x'])).rejects.toMatchObject(
      denied,
    );
    await expect(
      insert('INSERT INTO export_jobs (id, tenant_id, api_key_id, recipient) VALUES ($1, $2, $3, $4)', [
        ...[uuidv7(), tenantId, keyId, RECIPIENT],
      ]),
    ).rejects.toMatchObject(denied);
    const asOwner = (transaction: Parameters<Parameters<Database['withTenant']>[1]>[0]) => ({
      ...transaction,
      tenantId,
    });
    await expect(
      db.database.withTenant(stranger.tenantId, (transaction) =>
        recordAuditEvent(asOwner(transaction), {
          ...{ actor: 'x', action: 'export.ready', targetType: 'export', targetId: uuidv7() },
        }),
      ),
    ).rejects.toMatchObject(denied);
    await expect(
      db.database.withTenant(stranger.tenantId, (transaction) =>
        insertOutboxRow(asOwner(transaction), { dedupeKey: uuidv7(), topic: 'x', payload: {}, carrier: {} }),
      ),
    ).rejects.toMatchObject(denied);
  });

  it('changes nothing of another tenant by an UPDATE without a predicate', async () => {
    const before = await contentsOf(owner.tenantId);
    await db.database.withTenant(stranger.tenantId, async (transaction) => {
      const update = (text: string) => transaction.query({ operation: 'CALL', table: 'pg_catalog', text });
      await update(`UPDATE generations SET model = 'stolen'`);
      await update(`UPDATE generation_contents SET response = '1'`);
      await update(`UPDATE export_jobs SET recipient = 'age1stolen'`);
    });
    expect(await contentsOf(owner.tenantId)).toBe(before);
  });
});

describe('withTenant', () => {
  it.each(['', 'x', `'; DROP TABLE tenants; --`, `${uuidv7()}'`])('refuses %j as a tenant', async (tenantId) => {
    await expect(db.database.withTenant(tenantId, () => Promise.resolve())).rejects.toThrow('must be a UUID');
  });

  it('rolls back when the work fails, and lends the connection again', async () => {
    const before = await contentsOf(owner.tenantId);
    const failing = db.database.withTenant(owner.tenantId, async (transaction) => {
      await recordAuditEvent(transaction, {
        ...{ actor: 'x', action: 'export.ready', targetType: 'export', targetId: uuidv7() },
      });
      throw new Error('boom');
    });
    await expect(failing).rejects.toThrow('boom');
    expect(await contentsOf(owner.tenantId)).toBe(before);
  });
});
