import { v7 as uuidv7 } from 'uuid';
import type { MigratedDatabase } from './test-database.ts';

type Row = Readonly<Record<string, unknown>>;

const HASH = 'ab'.repeat(32);
const inAMonth = () => new Date(Date.now() + 30 * 86_400_000);

/**
 * Inserts a row of a tenant into every table that no store writes yet, as the superuser; without a tenant, rows of the
 * platform into shared tables.
 */
export async function fillTables(
  db: Pick<MigratedDatabase, 'sql'>,
  tenant: { tenantId: string; keyId: string } | null,
): Promise<void> {
  const tenant_id = tenant?.tenantId ?? null;
  const insert = async (table: string, row: Row): Promise<string> => {
    const id = uuidv7();
    const columns = Object.entries({ id, tenant_id, ...row });
    const names = columns.map(([name]) => name).join(', ');
    const places = columns.map((_, at) => `$${at + 1}`).join(', ');
    await db.sql(
      `INSERT INTO ${table} (${names}) VALUES (${places})`,
      columns.map(([, value]) => value),
    );
    return id;
  };
  if (tenant !== null) await fillTenantTables(db, insert, tenant);
  const requested_by = uuidv7();
  const plan = await insert('decommission_plans', {
    scope: tenant === null ? 'service' : 'tenant',
    subject: tenant === null ? 'web-api' : null,
    plan: '{"steps":[]}',
    plan_sha256: HASH,
    requested_by,
  });
  await insert('approvals', {
    decommission_plan_id: plan,
    subject_sha256: HASH,
    requester_id: requested_by,
    approver_id: uuidv7(),
    approver_role: 'operator',
    decision: 'approved',
    expires_at: inAMonth(),
  });
  await insert('provider_configs', { name: 'main', kind: 'anthropic', credentials: Buffer.alloc(40), key_id: 'k1' });
  await insert('audit_checkpoints', { seq: 1, hash: Buffer.alloc(32), signature: Buffer.alloc(64), key_id: 'k1' });
  await insert('idempotency_keys', {
    actor_id: uuidv7(),
    idempotency_key: 'once',
    route: 'POST /api/v1/projects',
    request_sha256: HASH,
    expires_at: inAMonth(),
  });
  if (tenant === null) {
    await insert('audit_events', {
      actor: 'operator',
      action: 'platform.started',
      target_type: 'platform',
      target_id: uuidv7(),
      outcome: 'success',
    });
  }
}

async function fillTenantTables(
  db: Pick<MigratedDatabase, 'sql'>,
  insert: (table: string, row: Row) => Promise<string>,
  { tenantId, keyId: api_key_id }: { tenantId: string; keyId: string },
): Promise<void> {
  const user_id = uuidv7();
  await db.sql('INSERT INTO users (id, email, name) VALUES ($1, $2, $3)', [
    user_id,
    `${user_id}@example.com`,
    'Person',
  ]);
  await insert('memberships', { user_id, role: 'owner' });
  const project_id = await insert('projects', { name: 'Project' });
  await insert('files', {
    project_id,
    name: 'notes.txt',
    content_type: 'text/plain',
    bytes: 3,
    sha256: HASH,
    object_key: `files/${uuidv7()}`,
  });
  await insert('stray_objects', { object_key: `files/${uuidv7()}`, due_at: inAMonth() });
  await insert('usage_daily', { day: '2026-11-23', api_key_id, project_id, provider: 'p', model: 'm', succeeded: 1 });
  await insert('budgets', { project_id, effective_from: '2026-11-01', limit_micro_usd: 1_000_000 });
  const from = inAMonth();
  await insert('retention_policies', {
    retention_class: 'content',
    keep_days: 30,
    effective_from: from,
    set_by: user_id,
  });
  await insert('retention_runs', {
    retention_class: 'content',
    table_name: 'generation_contents',
    dry_run: true,
    cutoff: new Date(0),
  });
  await insert('legal_holds', { scope: 'tenant', scope_id: tenantId, ground: 'litigation', placed_by: user_id });
  await insert('erasure_requests', {
    subject_type: 'user',
    subject_id: user_id,
    ground: 'art17_1_b',
    request_sha256: HASH,
    requested_by: user_id,
    due_at: inAMonth(),
  });
}
