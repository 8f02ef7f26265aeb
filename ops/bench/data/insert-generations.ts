import pg from 'pg';
import { Pool } from 'undici';
import { v7 as uuidv7 } from 'uuid';
import type { BenchTenant } from './bench-tenant.ts';
import type { DataPlatform } from './data-platform.ts';

const CONTENT = JSON.stringify({ messages: [{ role: 'user', content: 'A question to the model. '.repeat(8) }] });
const ROWS_PER_STATEMENT = 250;

/** Opens generations through the gateway, `perRequest` in each request. @returns durable rows per second */
export async function insertGenerationsOverHttp(
  platform: DataPlatform,
  { tenantId, keyIds }: BenchTenant,
  load: { readonly count: number; readonly callers: number; readonly perRequest: number },
): Promise<number> {
  const pool = new Pool(platform.gatewayUrl, { connections: load.callers, pipelining: 1 });
  const row = {
    tenant_id: tenantId,
    api_key_id: keyIds[0],
    provider: 'provider-0',
    model: 'model-0',
    stream: false,
    estimated_prompt_tokens: 40,
    request: JSON.parse(CONTENT) as unknown,
  };
  const send = async (): Promise<void> => {
    const ids = Array.from({ length: load.perRequest }, () => uuidv7());
    const request =
      load.perRequest === 1
        ? { method: 'PUT' as const, path: `/internal/generations/${ids[0] ?? ''}`, body: JSON.stringify(row) }
        : { method: 'POST' as const, path: '/internal/generations/batch', body: toBatch(row, ids) };
    const authorization = `Bearer ${await platform.tokens.issue('database-gateway')}`;
    const headers = { authorization, 'content-type': 'application/json' };
    const { statusCode, body } = await pool.request({ ...request, headers });
    const text = await body.text();
    if (statusCode >= 300 || text.includes('"code"'))
      throw new Error(`The gateway responded with ${statusCode}: ${text}`);
  };
  let remaining = load.count / load.perRequest;
  const sendAll = async (): Promise<void> => {
    while (remaining > 0) {
      remaining -= 1;
      await send();
    }
  };
  const startedAt = performance.now();
  try {
    await Promise.all(Array.from({ length: load.callers }, sendAll));
    return load.count / ((performance.now() - startedAt) / 1_000);
  } finally {
    await pool.close();
  }
}

function toBatch(row: object, ids: readonly string[]): string {
  const origin = { trace_id: null, correlation_id: null };
  return JSON.stringify({ opened: ids.map((id) => ({ ...row, ...origin, generation_id: id })), settled: [] });
}

/** Inserts the same rows with plain multi-row INSERTs, as the gateway's role. @returns durable rows per second */
export async function insertGenerationsWithSql(
  { appUrl }: DataPlatform,
  { tenantId, keyIds }: BenchTenant,
  count: number,
): Promise<number> {
  const client = new pg.Client({ connectionString: appUrl });
  await client.connect();
  try {
    const startedAt = performance.now();
    for (let done = 0; done < count; done += ROWS_PER_STATEMENT) {
      const ids = Array.from({ length: Math.min(ROWS_PER_STATEMENT, count - done) }, () => uuidv7());
      await client.query(`BEGIN; SELECT set_config('app.tenant_id', '${tenantId}', true)`);
      await client.query(INSERT_ROWS, [tenantId, keyIds[0], ids]);
      await client.query(INSERT_CONTENTS, [tenantId, ids, ids.map(() => CONTENT)]);
      await client.query('COMMIT');
    }
    return count / ((performance.now() - startedAt) / 1_000);
  } finally {
    await client.end();
  }
}

const INSERT_ROWS = `
  INSERT INTO generations (id, tenant_id, api_key_id, provider, model, stream, estimated_prompt_tokens, created_at)
  SELECT id, $1, $2, 'provider-0', 'model-0', false, 40, uuid_v7_time(id) FROM unnest($3::uuid[]) id`;
const INSERT_CONTENTS = `
  INSERT INTO generation_contents (generation_id, tenant_id, request, created_at)
  SELECT id, $1, request::json, uuid_v7_time(id) FROM unnest($2::uuid[], $3::text[]) AS c (id, request)`;
