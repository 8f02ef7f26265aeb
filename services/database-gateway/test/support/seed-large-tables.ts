import pg from 'pg';

const TENANTS = 2_000;
const ROWS = 30_000;
/** Every hundredth row of the older half of a table belongs to the queried tenant; others wrote the newer half. */
const OWN_EVERY = 100;

/** Tenant whose statements are explained, with its first key. */
export interface SeededTenant {
  readonly tenantId: string;
  readonly keyId: string;
}

/**
 * Fills the growing tables with rows of many tenants, as the superuser, in one transaction: without triggers and foreign
 * keys, which `session_replication_role` turns off, and with the checks of each row. Statistics are gathered once at the
 * end: plans must not depend on the time of autovacuum.
 */
export async function seedLargeTables(superuserUrl: string): Promise<SeededTenant> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    await client.query('SET session_replication_role = replica; SET synchronous_commit = off');
    await client.query(CREATE_ROWS);
    for (const statement of STATEMENTS) await client.query(statement);
    await client.query(NO_AUTOVACUUM);
    // Index-only scans need the visibility map.
    await client.query('VACUUM (ANALYZE)');
    const { rows } = await client.query<{ tenant: string; key: string }>('SELECT tenant, key FROM t WHERE n = 1');
    return { tenantId: rows[0]?.tenant ?? '', keyId: rows[0]?.key ?? '' };
  } finally {
    await client.end();
  }
}

/** Times from the start of the last month until an hour before this module was loaded: ids are equal in each table. */
const FIRST_MS = Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() - 1, 1);
const SPAN_MS = Date.now() - 3_600_000 - FIRST_MS;

const CREATE_ROWS = `
  CREATE FUNCTION pg_temp.v7(ms bigint, n integer) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (lpad(to_hex(ms), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid
  $$;
  CREATE TEMPORARY TABLE t AS
    SELECT n, pg_temp.v7(1700000000000, n) AS tenant, pg_temp.v7(1700000000001, n) AS key,
      pg_temp.v7(1700000000002, n) AS project
    FROM generate_series(1, ${TENANTS}) n;
  CREATE TEMPORARY TABLE s AS
    SELECT r.n, r.id, public.uuid_v7_time(r.id) AS at, t.tenant, t.key, t.project
    FROM (
      SELECT n, pg_temp.v7(${FIRST_MS} + ${SPAN_MS} * n / ${ROWS}, n) AS id,
        CASE WHEN n % ${OWN_EVERY} = 0 AND n <= ${ROWS / 2} THEN 1 ELSE 2 + n % ${TENANTS - 1} END AS owner
      FROM generate_series(1, ${ROWS}) n) r
      JOIN t ON t.n = r.owner
    ORDER BY r.n;`;

const HASH = `repeat('ab', 32)`;
/** The queried tenant has few rows in tables where tenants have few. */
const FEW = fewOf(30);
/**
 * The planner adds the cost of the policy of users for each of them: for thirty of thirty thousand a complete
 * scan seems cheaper, unlike in a table of millions.
 */
const PEOPLE = fewOf(7);
const BYTES = `decode(repeat('ab', 32), 'hex')`;

const ACCOUNTS = [
  `INSERT INTO tenants (id, name) SELECT tenant, 'Tenant' FROM t`,
  `INSERT INTO projects (id, tenant_id, name) SELECT project, tenant, 'Project' FROM t`,
  `INSERT INTO api_keys (id, tenant_id, name, prefix, key_hash, scopes)
   SELECT key, tenant, 'Key', lpad(to_hex(n), 12, '0'), ${HASH}, '{inference}' FROM t`,
  `INSERT INTO users (id, email, name) SELECT id, n || '@example.com', 'Person' FROM ${PEOPLE} s`,
  `INSERT INTO memberships (id, tenant_id, user_id, role) SELECT id, tenant, id, 'member' FROM ${PEOPLE} s`,
  `INSERT INTO platform_operators (id, name, prefix, key_hash)
   SELECT id, 'Operator', lpad(to_hex(n), 12, 'f'), ${HASH} FROM s WHERE n <= 20`,
];

const ACCOUNTING = [
  `INSERT INTO generations (id, tenant_id, api_key_id, project_id, status, provider, model, stream,
     estimated_prompt_tokens, prompt_tokens, completion_tokens, usage_source, cost_micro_usd, duration_ms, created_at,
     settled_at)
   SELECT id, tenant, key, project, 'succeeded', 'p', 'm', true, 1, 1, 1,
     'provider', 1, 1, at, now() FROM s`,
  `INSERT INTO generation_contents (generation_id, tenant_id, request, response, created_at)
   SELECT id, tenant, '{}', '{}', at FROM s`,
  `INSERT INTO usage_daily (id, tenant_id, day, api_key_id, project_id, provider, model, succeeded)
   SELECT id, tenant, date '2020-01-01' + n % 1000, key, project, 'p', 'm' || n, 1
   FROM s`,
  `INSERT INTO usage_deltas (id, tenant_id, day, api_key_id, provider, model, succeeded, failed, cancelled, estimated,
     prompt_tokens, completion_tokens, cost_micro_usd)
   SELECT id, tenant, date '2020-01-01' + n % 1000, key, 'p', 'm', 1, 0, 0, 0, 1, 1, 1
   FROM s WHERE n <= 6000`,
  `INSERT INTO budgets (id, tenant_id, effective_from, limit_micro_usd)
   SELECT id, tenant, date '2020-01-01' + (n / 100) * interval '1 month', 1 FROM s`,
  `INSERT INTO provider_configs (id, tenant_id, name, kind, credentials, key_id)
   SELECT id, tenant, 'p' || n, 'anthropic', ${BYTES}, 'current' FROM ${FEW} s`,
  `INSERT INTO files (id, tenant_id, project_id, name, content_type, bytes, sha256, object_key)
   SELECT id, tenant, project, 'x', 'text/plain', 1, ${HASH}, 'files/' || n FROM s`,
  `INSERT INTO stray_objects (id, tenant_id, object_key, due_at)
   SELECT id, tenant, 'files/stray/' || n,
     now() + CASE WHEN n % 2000 = 0 THEN interval '-1 hour' ELSE interval '1 day' END FROM s`,
];

const DELIVERY = [
  `INSERT INTO audit_events (id, tenant_id, seq, prev_hash, hash, salt, commitment, actor, action, target_type, target_id,
     outcome, created_at)
   SELECT id, tenant, n, ${BYTES}, ${BYTES}, ${BYTES}, ${BYTES}, 'test', 'x.y', 'tenant',
     tenant, 'success', at FROM s`,
  `INSERT INTO audit_heads (chain_id, tenant_id, seq, hash)
   SELECT tenant_id, tenant_id, max(seq), ${BYTES} FROM audit_events GROUP BY tenant_id`,
  `INSERT INTO audit_checkpoints (id, tenant_id, seq, hash, signature, key_id)
   SELECT id, tenant, n, ${BYTES}, ${BYTES} || ${BYTES}, 'k' FROM s WHERE n % 4 = 0`,
  `INSERT INTO export_jobs (id, tenant_id, api_key_id, recipient, state, epoch, started_at, finished_at, failure_code,
     failure_message)
   SELECT id, tenant, key, 'age1x', 'failed', 1, now(), now(), 'x', 'x' FROM s`,
  // Unattended exports of other tenants, which may have one each.
  `UPDATE export_jobs SET state = 'requested', epoch = 0, started_at = NULL, finished_at = NULL, failure_code = NULL,
     failure_message = NULL, updated_at = now() - interval '2 hours', progressed_at = now() - interval '2 hours'
   WHERE id IN (SELECT id FROM s WHERE n > ${ROWS} - 20)`,
  `INSERT INTO export_files (export_id, position, tenant_id, epoch, path, key, bytes, sha256)
   SELECT id, p, tenant, 1, 'p' || p, 'k', 1, ${HASH} FROM s, generate_series(0, 1) p`,
  `INSERT INTO outbox (id, tenant_id, dedupe_key, topic, payload, carrier, published_at, parked_at, parked_reason,
     available_at)
   SELECT id, tenant, 'seeded-' || n, 'run-export', json_build_object('export_id', id), '{}',
     CASE WHEN n % 3000 > 1 THEN now() END, CASE WHEN n % 3000 = 0 THEN now() END,
     CASE WHEN n % 3000 = 0 THEN 'refused' END, CASE WHEN n % 3000 = 0 THEN 'infinity' ELSE now() END FROM s`,
  `INSERT INTO idempotency_keys (id, tenant_id, actor_id, idempotency_key, route, request_sha256, created_at, expires_at)
   SELECT id, tenant, key, 'key' || n, 'x', ${HASH}, now() - interval '1 day',
     now() + CASE WHEN n % 2000 = 0 THEN interval '-1 hour' ELSE interval '1 hour' END FROM s`,
];

const LIFECYCLE = [
  `INSERT INTO retention_policies (id, tenant_id, retention_class, keep_days, effective_from, set_by, created_at)
   SELECT id, tenant, 'content', 30, timestamptz '2020-01-01' + n * interval '1 hour', key, '2020-01-01' FROM ${FEW} s`,
  `INSERT INTO legal_holds (id, tenant_id, scope, scope_id, ground, placed_by)
   SELECT id, tenant, 'generation', id, 'tax', key FROM s`,
];

/** Distributes rows over all tenants, with a given number for the queried one. */
function fewOf(rows: number): string {
  const every = Math.floor(ROWS / 2 / rows / OWN_EVERY) * OWN_EVERY;
  return `(SELECT * FROM s WHERE n % ${OWN_EVERY} <> 0 OR n % ${every} = 0 OR n > ${ROWS / 2})`;
}

/** Distributes keys so that the planner expects as many rows of a key as in tables of millions. */
const STATISTICS = `
  DO $$
  DECLARE partition regclass;
  BEGIN
    FOR partition IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'generations'::regclass LOOP
      EXECUTE format('CREATE STATISTICS (dependencies) ON tenant_id, api_key_id, project_id FROM %s', partition);
    END LOOP;
  END $$`;

const NO_AUTOVACUUM = `
  DO $$
  DECLARE large regclass;
  BEGIN
    FOR large IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
      EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = false)', large);
    END LOOP;
  END $$`;

const STATEMENTS = [...ACCOUNTS, ...ACCOUNTING, ...DELIVERY, ...LIFECYCLE, STATISTICS];
