import { internalRoute, routes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import { recordAuditEvent } from '../src/audit/record-audit-event.ts';
import { DATA_MAP } from '../src/data-map/data-map.ts';
import type { TableEntry, TenantPath } from '../src/data-map/table-entry.ts';
import { tenantPredicate } from '../src/database/tenant-predicate.ts';
import type { ConnectionPool } from '../src/database/connection-pool.ts';
import { createDatabase, type Database } from '../src/database/database.ts';
import { createExportClaims } from '../src/exports/export-claims.ts';
import { createExportDownloads } from '../src/exports/export-downloads.ts';
import { createGenerationStore } from '../src/generations/generation-store.ts';
import { insertOutboxRow } from '../src/outbox/outbox-store.ts';
import { fillTables } from './support/fill-tenant.ts';
import {
  addGeneration,
  claimNewExport,
  completeNewExport,
  FILES,
  newGeneration,
  newSettlement,
  NO_PROGRESS,
  readExport,
  RECIPIENT,
  requestExport,
} from './support/fixtures.ts';
import { createManagement, holderOf } from './support/management.ts';
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
/** Database without policies: only the predicates of the queries isolate the tenants. */
let withoutPolicies: Database;
/** Runs statements of the test whose name differs from the accessed table, unlike those of services. */
let intruder: Database;
let owner: { tenantId: string; keyId: string };
let stranger: { tenantId: string; keyId: string };

const tenantTables = (Object.entries(DATA_MAP) as [string, TableEntry][]).flatMap(
  ([table, { tenantPath }]): [string, TenantPath][] => (tenantPath === null ? [] : [[table, tenantPath]]),
);

beforeAll(async () => {
  db = await createMigratedDatabase();
  superuserPool = createTestPool(db.superuserUrl);
  withoutPolicies = createDatabase({ pool: superuserPool, metrics: noMetrics, logger: silentLogger });
  intruder = createDatabase({ pool: db.pool, metrics: noMetrics, logger: silentLogger });
  owner = await createTestTenant(db.database);
  stranger = await createTestTenant(db.database);
  for (const tenant of [owner, stranger]) {
    await addGeneration(db.database, tenant);
    await completeNewExport(db.database, tenant);
    await fillTables(db, tenant);
  }
});
afterAll(async () => {
  await superuserPool.close();
  await db.drop();
});

/** Reads all rows of a tenant as text, to detect changes. */
async function contentsOf(tenantId: string): Promise<string> {
  const parts: unknown[] = [];
  for (const [table, path] of tenantTables) {
    const where = tenantPredicate(path, '$1');
    parts.push(await db.sql(`SELECT to_jsonb(t)::text AS row FROM ${table} t WHERE ${where} ORDER BY 1`, [tenantId]));
  }
  return JSON.stringify(parts);
}

describe.each([
  ['by the policies and the predicates', () => db.database],
  ['by the predicates of the queries alone', () => withoutPolicies],
])('data of another tenant is inaccessible %s', (_title, database) => {
  it('in generations', async () => {
    const id = await addGeneration(db.database, owner);
    const before = await contentsOf(owner.tenantId);
    const generations = createGenerationStore(database(), { storeContent: true });
    await expect(generations.open(id, newGeneration(stranger))).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(generations.settle(id, newSettlement(stranger.tenantId))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await contentsOf(owner.tenantId)).toBe(before);
  });

  it('in reads of exports', async () => {
    const { id } = await completeNewExport(db.database, owner);
    const before = await contentsOf(owner.tenantId);
    const exports = createExportDownloads(database());
    await expect(readExport(database(), stranger.tenantId, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(exports.readFiles(stranger.tenantId, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const download = { tenant_id: stranger.tenantId, actor: 'x', path: null };
    await expect(exports.recordDownload(id, download)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const call = createManagement(database());
    const { answer } = await call(internalRoute(routes.exports.list), holderOf(stranger), { query: { limit: 100 } });
    expect(answer.data.every((item) => item.tenant_id === stranger.tenantId)).toBe(true);
    expect(await contentsOf(owner.tenantId)).toBe(before);
    expect((await readExport(database(), owner.tenantId, id)).id).toBe(id);
    expect((await exports.readFiles(owner.tenantId, id)).files).toEqual(FILES);
  });

  it('in writes of export workers', async () => {
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

  it('by reference: a row cannot refer to a key of another tenant', async () => {
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
  const everyRow = (table: string) => `SELECT to_jsonb(t)::text AS row FROM ${table} t ORDER BY 1`;
  const runAs = (tenantId: string, text: string) =>
    intruder.withTenant(tenantId, (transaction) => transaction.query<{ row: string }>({ table: 'pg_catalog', text }));

  it.each(tenantTables)('returns of %s only rows of the tenant, without any predicate', async (table, path) => {
    const where = tenantPredicate(path, '$1');
    for (const { tenantId } of [owner, stranger]) {
      const own = await db.sql(`SELECT to_jsonb(t)::text AS row FROM ${table} t WHERE ${where} ORDER BY 1`, [tenantId]);
      expect(own.length).toBeGreaterThan(0);
      expect(await runAs(tenantId, everyRow(table))).toEqual(own);
    }
  });

  it.each(tenantTables)('returns nothing of %s without a tenant', async (table) => {
    const select = { table: 'pg_catalog', text: `SELECT * FROM ${table}` } as const;
    // Repeated on the same connections, where the setting of an earlier tenant is '' now.
    for (let i = 0; i < 3; i++) {
      await intruder.withTenant(owner.tenantId, (transaction) => transaction.query(select));
      expect(await intruder.query(select)).toEqual([]);
    }
  });

  it('returns rows of the platform in shared tables only when no tenant is set', async () => {
    const shared = Object.entries(DATA_MAP).flatMap(([table, entry]) => (entry.owner === 'shared' ? [table] : []));
    expect(shared).toHaveLength(7);
    await fillTables(db, null);
    for (const table of shared) {
      const text = `SELECT tenant_id FROM ${table} WHERE tenant_id IS NULL`;
      const rows = await intruder.query({ table: 'pg_catalog', text });
      expect([table, rows]).toEqual([table, [{ tenant_id: null }]]);
      expect(await runAs(owner.tenantId, text)).toEqual([]);
      await db.sql(`DELETE FROM ${table} WHERE tenant_id IS NULL AND ${table === 'decommission_plans'} IS FALSE`);
    }
    await db.sql('DELETE FROM decommission_plans WHERE tenant_id IS NULL');
  });

  it('applies to every partition: a direct query is rejected, and would return no rows of others if it were granted', async () => {
    const partitions = await db.sql<{ name: string }>(`SELECT inhrelid::regclass::text AS name FROM pg_inherits i
      JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relkind = 'r'`);
    expect(partitions).toHaveLength(10);
    for (const { name } of partitions) {
      await expect(runAs(owner.tenantId, `SELECT 1 FROM ${name}`)).rejects.toMatchObject({ code: '42501' });
      await db.sql(`GRANT SELECT ON ${name} TO aion_app`);
      const seen = await runAs(owner.tenantId, `SELECT DISTINCT tenant_id::text AS row FROM ${name}`);
      expect(seen.filter(({ row }) => row !== owner.tenantId)).toEqual([]);
      expect(await intruder.query({ table: 'pg_catalog', text: `SELECT 1 FROM ${name}` })).toEqual([]);
      await db.sql(`REVOKE SELECT ON ${name} FROM aion_app`);
    }
  });

  it('prevents adding a person without a tenant, and changing one of another tenant', async () => {
    const text = `INSERT INTO users (id, email, name) VALUES ('${uuidv7()}', 'a@example.com', 'A')`;
    await expect(intruder.query({ table: 'pg_catalog', text })).rejects.toMatchObject({
      code: '42501',
    });
    await expect(runAs(owner.tenantId, text)).rejects.toMatchObject({ code: '42501' });
    const before = await contentsOf(stranger.tenantId);
    await runAs(owner.tenantId, `UPDATE users SET name = 'Changed'`);
    expect(await contentsOf(stranger.tenantId)).toBe(before);
    const id = uuidv7();
    await intruder.withTenant(owner.tenantId, async (transaction) => {
      const run = (statement: string) => transaction.query({ table: 'pg_catalog', text: statement });
      await run(`INSERT INTO memberships (id, tenant_id, user_id, role)
        VALUES ('${uuidv7()}', '${owner.tenantId}', '${id}', 'member')`);
      await run(`INSERT INTO users (id, email, name) VALUES ('${id}', 'b@example.com', 'B')`);
    });
    expect(await runAs(owner.tenantId, `SELECT email AS row FROM users WHERE id = '${id}'`)).toHaveLength(1);
  });

  it('rejects writing a row of another tenant', async () => {
    const insert = (text: string, values: unknown[]) =>
      intruder.withTenant(stranger.tenantId, (transaction) =>
        transaction.query({ functionOf: 'pg_catalog', text, values }),
      );
    const denied = { code: '42501' };
    const { tenantId, keyId } = owner;
    await expect(insert('INSERT INTO tenants (id, name) VALUES ($1, $2)', [uuidv7(), 'x'])).rejects.toMatchObject(
      denied,
    );
    await expect(
      insert('INSERT INTO export_jobs (id, tenant_id, api_key_id, recipient) VALUES ($1, $2, $3, $4)', [
        uuidv7(),
        tenantId,
        keyId,
        RECIPIENT,
      ]),
    ).rejects.toMatchObject(denied);
    const asOwner = (transaction: Parameters<Parameters<Database['withTenant']>[1]>[0]) => ({
      ...transaction,
      tenantId,
    });
    await expect(
      intruder.withTenant(stranger.tenantId, (transaction) =>
        recordAuditEvent(asOwner(transaction), {
          actor: 'x',
          action: 'export.ready',
          targetType: 'export',
          targetId: uuidv7(),
        }),
      ),
    ).rejects.toMatchObject(denied);
    await expect(
      intruder.withTenant(stranger.tenantId, (transaction) =>
        insertOutboxRow(asOwner(transaction), { dedupeKey: uuidv7(), topic: 'x', payload: {}, carrier: {} }),
      ),
    ).rejects.toMatchObject(denied);
  });

  it('changes nothing of another tenant by an UPDATE without a predicate', async () => {
    const before = await contentsOf(owner.tenantId);
    await intruder.withTenant(stranger.tenantId, async (transaction) => {
      const update = (text: string) => transaction.query({ functionOf: 'pg_catalog', text });
      await update('UPDATE generations SET duration_ms = 99');
      await update(`UPDATE generation_contents SET response = '1'`);
      await update('UPDATE export_jobs SET queued_times = 99');
    });
    expect(await contentsOf(owner.tenantId)).toBe(before);
  });
});

describe('withTenant', () => {
  it.each(['', 'x', `'; DROP TABLE tenants; --`, `${uuidv7()}'`])('rejects %j as a tenant id', async (tenantId) => {
    await expect(db.database.withTenant(tenantId, () => Promise.resolve())).rejects.toThrow('must be a UUID');
  });

  it('rolls back when its function fails, and reuses the connection', async () => {
    const before = await contentsOf(owner.tenantId);
    const failing = db.database.withTenant(owner.tenantId, async (transaction) => {
      await recordAuditEvent(transaction, {
        actor: 'x',
        action: 'export.ready',
        targetType: 'export',
        targetId: uuidv7(),
      });
      throw new Error('boom');
    });
    await expect(failing).rejects.toThrow('boom');
    expect(await contentsOf(owner.tenantId)).toBe(before);
  });
});
