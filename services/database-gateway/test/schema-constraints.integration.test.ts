import { DATA_MAP, type TableName } from '../src/data-map/data-map.ts';
import { runSql } from './support/bootstrapped-database.ts';
import { fillTables } from './support/fill-tenant.ts';
import { addGeneration } from './support/fixtures.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

let db: MigratedDatabase;
let tenant: { tenantId: string; keyId: string };
let other: { tenantId: string; keyId: string };

beforeAll(async () => {
  db = await createMigratedDatabase();
  tenant = await createTestTenant(db.database);
  other = await createTestTenant(db.database);
  for (const party of [tenant, other]) await fillTables(db, party);
  await addGeneration(db.database, tenant);
});
afterAll(() => db.drop());

/** Runs a statement as the superuser, whom only constraints restrict, and rolls it back. */
async function attempt(text: string): Promise<unknown> {
  await db.sql('BEGIN');
  try {
    return await db.sql(text.replaceAll('$tenant', `'${tenant.tenantId}'`).replaceAll('$other', `'${other.tenantId}'`));
  } finally {
    await db.sql('ROLLBACK');
  }
}

/** Returns an INSERT that copies the tenant's row of a table, with changes. */
const copyOf = (table: TableName, changes: Record<string, string>) => {
  // A generated column.
  const columns = Object.keys(DATA_MAP[table].columns).filter((name) => name !== 'tenant_key');
  const values = Object.entries({ id: 'gen_random_uuid()', ...changes }).map(([name, value]) => `'${name}', ${value}`);
  return `INSERT INTO ${table} (${columns.join(', ')}) SELECT ${columns.map((name) => `r.${name}`).join(', ')}
    FROM ${table} t, jsonb_populate_record(t, jsonb_build_object(${values.join(', ')})) r
    WHERE t.tenant_id = $tenant LIMIT 1`;
};

describe('the schema rejects', () => {
  it.each([
    ['a second membership', copyOf('memberships', {}), '23505'],
    ['an unknown role', `UPDATE memberships SET role = 'root'`, '23514'],
    ['an issuer without a subject', `UPDATE users SET issuer = 'https://id.example.com'`, '23514'],
    ['two projects with one name', copyOf('projects', {}), '23505'],
    ['a budget that begins within a month', `UPDATE budgets SET effective_from = '2026-11-02'`, '23514'],
    ['two budgets of a project that begin in one month', copyOf('budgets', {}), '23505'],
    [
      'two budgets of a tenant that begin in one month',
      `INSERT INTO budgets (id, tenant_id, effective_from) SELECT gen_random_uuid(), $tenant, '2026-11-01'
       FROM generate_series(1, 2)`,
      '23505',
    ],
    [
      'a budget of both a project and a key',
      `UPDATE budgets SET api_key_id = (SELECT id FROM api_keys WHERE tenant_id = $tenant) WHERE tenant_id = $tenant`,
      '23514',
    ],
    ['a second row of usage for a day', copyOf('usage_daily', {}), '23505'],
    ['negative cost', `UPDATE usage_daily SET cost_micro_usd = -1`, '23514'],
    ['credentials without the id of their encryption key', `UPDATE provider_configs SET key_id = NULL`, '23514'],
    ['two providers with one name', copyOf('provider_configs', {}), '23505'],
    ['two retention policies of a class from one instant', copyOf('retention_policies', {}), '23505'],
    [
      'a retention policy that begins in the past',
      `UPDATE retention_policies SET effective_from = created_at - interval '1 s'`,
      '23514',
    ],
    ['a dry run of retention that deletes rows', `UPDATE retention_runs SET deleted_rows = 1`, '23514'],
    [
      'a refused retention run without a reason',
      `UPDATE retention_runs SET state = 'refused', finished_at = now()`,
      '23514',
    ],
    [
      'a hold released by one person',
      `UPDATE legal_holds SET release_requested_by = placed_by, release_requested_at = now(),
         released_by = placed_by, released_at = now()`,
      '23514',
    ],
    [
      'a hold released without a request',
      `UPDATE legal_holds SET released_by = placed_by, released_at = now()`,
      '23514',
    ],
    ['a hold on another tenant', `UPDATE legal_holds SET scope_id = gen_random_uuid()`, '23514'],
    ['two active erasures of one subject', copyOf('erasure_requests', {}), '23505'],
    ['a started erasure without a plan', `UPDATE erasure_requests SET state = 'erasing'`, '23514'],
    [
      'a deadline of an erasure beyond a month',
      `UPDATE erasure_requests SET due_at = received_at + interval '32 days'`,
      '23514',
    ],
    ['an extended deadline without a ground', `UPDATE erasure_requests SET extended_until = due_at`, '23514'],
    [
      'a certified erasure without a finish time',
      `UPDATE erasure_requests SET plan_sha256 = request_sha256,
       state = 'certified'`,
      '23514',
    ],
    ['a scheduled erasure without its time', `UPDATE erasure_requests SET state = 'scheduled'`, '23514'],
    [
      'a deadline extended twice',
      `UPDATE erasure_requests SET extended_until = due_at + interval '1 day', extension_ground = 'complexity';
       UPDATE erasure_requests SET extended_until = due_at + interval '2 days'`,
      '23514',
    ],
    [
      'a withdrawn extension of a deadline',
      `UPDATE erasure_requests SET extended_until = due_at + interval '1 day', extension_ground = 'complexity';
       UPDATE erasure_requests SET extended_until = NULL, extension_ground = NULL`,
      '23514',
    ],
    [
      'a settled generation that becomes pending again',
      `UPDATE generations SET status = 'pending', prompt_tokens = NULL, completion_tokens = NULL, usage_source = NULL,
         cost_micro_usd = NULL, duration_ms = NULL, time_to_first_token_ms = NULL, error_type = NULL, settled_at = NULL`,
      '23514',
    ],
    ['a changed cost of a settled generation', `UPDATE generations SET cost_micro_usd = 0`, '23514'],
    ['two active decommission plans of one tenant', copyOf('decommission_plans', {}), '23505'],
    [
      'a sunset before the deprecation',
      `UPDATE decommission_plans SET deprecated_at = now(),
       sunset_at = now() - interval '1 s'`,
      '23514',
    ],
    [
      'the erasure of a tenant without a final export',
      `UPDATE decommission_plans SET state = 'erasing'
       WHERE tenant_id = $tenant`,
      '23514',
    ],
    ['a decommission plan of scope tenant without a tenant', `UPDATE decommission_plans SET tenant_id = NULL`, '23514'],
    ['an approval by the requester', `UPDATE approvals SET approver_id = requester_id`, '23514'],
    ['an approval with another requester', `UPDATE approvals SET requester_id = gen_random_uuid()`, '23503'],
    ['an approval with another hash of the plan', `UPDATE approvals SET subject_sha256 = repeat('cd', 32)`, '23503'],
    ['an approval of the platform for a plan of a tenant', `UPDATE approvals SET tenant_id = NULL`, '23503'],
    ['a second approval by one person', copyOf('approvals', {}), '23505'],
    ['a stored response of version 0', `UPDATE idempotency_keys SET version = 0`, '23514'],
    ['a second use of an idempotency key', copyOf('idempotency_keys', {}), '23505'],
    ['a second checkpoint at one position', copyOf('audit_checkpoints', {}), '23505'],
  ])('%s', async (_, statement, code) => {
    await expect(attempt(statement)).rejects.toMatchObject({ code });
  });

  it.each([
    ['api_keys', 'project_id', 'projects'],
    ['files', 'project_id', 'projects'],
    ['usage_daily', 'project_id', 'projects'],
    ['usage_daily', 'api_key_id', 'api_keys'],
    ['budgets', 'project_id', 'projects'],
    ['approvals', 'decommission_plan_id', 'decommission_plans'],
  ])('a row of %s whose %s belongs to another tenant', async (table, column, target) => {
    const foreign = `(SELECT id FROM ${target} WHERE tenant_id = $other LIMIT 1)`;
    const statement = `UPDATE ${table} SET ${column} = ${foreign} WHERE tenant_id = $tenant`;
    await expect(attempt(statement)).rejects.toMatchObject({ code: '23503' });
  });

  const entry = (changes: Record<string, string> = {}) => {
    const values = {
      id: 'gen_random_uuid()',
      request_id: 'gen_random_uuid()',
      tenant_pseudonym: `repeat('ab', 32)`,
      subject_type: `'user'`,
      subject_pseudonym: `repeat('ab', 32)`,
      phase: `'erased'`,
      registry_sha256: `repeat('ab', 32)`,
      ...changes,
    };
    return `INSERT INTO erasure_ledger (${Object.keys(values).join(', ')}) VALUES (${Object.values(values).join(', ')})`;
  };

  it('a name, an address or free text in the erasure ledger', async () => {
    await attempt(entry({ store: `'postgresql:users'`, method: `'delete'` }));
    const columns = await db.sql<{ name: string }>(
      `SELECT attname::text AS name FROM pg_attribute WHERE attrelid = ANY ($1::regclass[])
       AND atttypid = 'text'::regtype AND attnum > 0`,
      [['erasure_ledger', 'certificates', 'certificate_stores']],
    );
    const checks = await db.sql<{ definition: string }>(
      `SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint
       WHERE conrelid = ANY ($1::regclass[]) AND contype = 'c'`,
      [['erasure_ledger', 'certificates', 'certificate_stores']],
    );
    for (const { name } of columns) {
      const isConstrained = checks.some(({ definition }) =>
        new RegExp(`\\(\\(?${name} (~ '\\^|= ANY)`).test(definition),
      );
      expect([name, isConstrained]).toEqual([name, true]);
    }
    for (const changes of [
      { tenant_pseudonym: `'Example Ltd'` },
      { store: `'postgresql:alice@example.com'`, method: `'delete'` },
      { retained_rows: '1', retained_ground: `'Alice asked'` },
      { retained_rows: '1' },
    ]) {
      await expect(attempt(entry(changes))).rejects.toMatchObject({ code: '23514' });
    }
  });
});

describe('the role aion_app', () => {
  it.each([
    ['change the ledger', 'UPDATE erasure_ledger SET erased_rows = 0'],
    ['delete from the ledger', 'DELETE FROM erasure_ledger'],
    ['change a certificate', 'UPDATE certificates SET approvals = 2'],
    ['change an approval', `UPDATE approvals SET decision = 'approved'`],
    ['change the content of a plan', `UPDATE decommission_plans SET plan = '{}'`],
    ['change the requester of an erasure', 'UPDATE erasure_requests SET requested_by = gen_random_uuid()'],
    ['change a retention policy', 'UPDATE retention_policies SET keep_days = 1'],
    ['lift a hold by deleting it', 'DELETE FROM legal_holds'],
    ['change a checkpoint', 'UPDATE audit_checkpoints SET seq = 2'],
    ['change the sign-in of a person', `UPDATE users SET subject = 'mine'`],
    ['change the key of an operator', `UPDATE platform_operators SET key_hash = repeat('ab', 32)`],
    ['move a row to another tenant', `UPDATE projects SET tenant_id = gen_random_uuid()`],
    ['change the model of a generation', `UPDATE generations SET model = 'other'`],
    ['change the recipient of an export', `UPDATE export_jobs SET recipient = 'age1other'`],
    ['change the key of an export', `UPDATE export_jobs SET api_key_id = gen_random_uuid()`],
  ])('cannot %s', async (_, statement) => {
    await expect(runSql(db.appUrl, statement)).rejects.toMatchObject({ code: '42501' });
  });

  it('can update only named columns of every table', async () => {
    const updatable = await db.sql(
      `SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
       AND has_table_privilege('aion_app', oid, 'UPDATE')`,
    );
    expect(updatable).toEqual([]);
  });
});
