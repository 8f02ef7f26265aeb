import { v7 as uuidv7 } from 'uuid';
import type { DataPlatform } from './data-platform.ts';

/** Tenant with keys, whose generations are measured. */
export interface BenchTenant {
  readonly tenantId: string;
  readonly keyIds: readonly string[];
}

const KEYS = 10;
/** Rows of one INSERT statement: small enough to report progress and to stop between two of them. */
const CHUNK = 250_000;
const DAYS = 30;
const DAY_MS = 86_400_000;

/** Inserts a tenant with its keys. */
export async function addTenant({ sql }: Pick<DataPlatform, 'sql'>): Promise<BenchTenant> {
  const tenantId = uuidv7();
  const keyIds = Array.from({ length: KEYS }, () => uuidv7());
  await sql('INSERT INTO tenants (id, name) VALUES ($1, $2)', [tenantId, 'Benchmark']);
  await sql(
    `INSERT INTO api_keys (id, tenant_id, name, prefix, key_hash, scopes)
     SELECT id, $1, 'Key', right(replace(id::text, '-', ''), 12), repeat('ab', 32), '{inference}'
     FROM unnest($2::uuid[]) id`,
    [tenantId, keyIds],
  );
  return { tenantId, keyIds };
}

/** Loads settled generations of several keys and models, spread evenly over the last 30 days, with their daily usage. */
export async function loadGenerations(
  { sql }: Pick<DataPlatform, 'sql'>,
  options: {
    readonly tenant: BenchTenant;
    readonly count: number;
    readonly signal: AbortSignal;
    readonly progress: (line: string) => void;
  },
): Promise<void> {
  const { tenant, count, signal, progress } = options;
  const firstMs = Date.now() - DAYS * DAY_MS;
  const values = [tenant.tenantId, tenant.keyIds, firstMs, (DAYS * DAY_MS) / count];
  // The service creates partitions from the previous month on; at the beginning of March the first rows are of January.
  await sql(CREATE_FIRST_PARTITIONS, [firstMs]);
  // The rows generated here satisfy their foreign keys; usage is summed up in one statement below.
  await sql('SET session_replication_role = replica');
  for (let first = 0; first < count; first += CHUNK) {
    signal.throwIfAborted();
    await sql(INSERT_CHUNK, [...values, first, Math.min(count, first + CHUNK) - 1]);
    progress(`loaded ${Math.min(count, first + CHUNK)} of ${count} generations`);
  }
  await sql('SET session_replication_role = origin');
  await sql(SUM_UP, [tenant.tenantId]);
  progress('running VACUUM ANALYZE, as autovacuum would');
  await sql('VACUUM (ANALYZE) generations');
  await sql('VACUUM (ANALYZE) usage_daily');
  await sql('CHECKPOINT');
}

/** Returns the id of a generation by its position in the list of its tenant, newest first. @throws Error when there are fewer */
export async function generationAt(
  { sql }: Pick<DataPlatform, 'sql'>,
  { tenantId }: BenchTenant,
  position: number,
): Promise<string> {
  const [row] = await sql<{ id: string }>(
    'SELECT id FROM generations WHERE tenant_id = $1 ORDER BY id DESC OFFSET $2 LIMIT 1',
    [tenantId, position - 1],
  );
  if (row === undefined)
    throw new Error(`The tenant has fewer than ${position} generations: --generations is too small.`);
  return row.id;
}

const CREATE_FIRST_PARTITIONS = `
  SELECT create_month_partition(parent, date_trunc('month', to_timestamp($1 / 1000.0) AT TIME ZONE 'UTC')::date)
  FROM unnest('{generations,generation_contents}'::name[]) parent`;

const INSERT_CHUNK = `
  INSERT INTO generations (id, tenant_id, api_key_id, status, provider, model, stream, estimated_prompt_tokens,
    prompt_tokens, completion_tokens, usage_source, cost_micro_usd, duration_ms, created_at, settled_at)
  SELECT id, $1, ($2::uuid[])[1 + n % 10], 'succeeded', 'provider-' || n % 2, 'model-' || n % 5, n % 3 = 0, 40,
    40 + n % 100, 100 + n % 400, 'provider', 10 + n % 90, 800, uuid_v7_time(id), uuid_v7_time(id) + interval '1 second'
  FROM (
    SELECT n, (lpad(to_hex($3::bigint + floor(n * $4::double precision)::bigint), 12, '0') || '7' ||
      left(md5(n::text), 3) || '8' || substr(md5(n::text), 4, 15))::uuid AS id
    FROM generate_series($5::bigint, $6::bigint) n) numbered`;

const SUM_UP = `
  INSERT INTO usage_daily (id, tenant_id, day, api_key_id, project_id, provider, model, succeeded, prompt_tokens,
    completion_tokens, cost_micro_usd)
  SELECT new_uuid_v7(), $1, (created_at AT TIME ZONE 'UTC')::date, api_key_id, project_id, provider, model, count(*),
    sum(prompt_tokens), sum(completion_tokens), sum(cost_micro_usd)
  FROM generations WHERE tenant_id = $1 GROUP BY 3, 4, 5, 6, 7`;
