import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import pg from 'pg';
import { DATA_MAP } from '../../src/data-map/data-map.ts';
import type { TableEntry } from '../../src/data-map/table-entry.ts';
import type { ConnectionPool } from '../../src/database/connection-pool.ts';

/** Tables that stay small however long and for however many tenants the platform runs. */
const SMALL = new Set(['platform_operators', 'schema_migrations', 'schema_migrations_lock', 'provider_configs']);

type Recorded = Map<string, readonly unknown[]>;
/** The statements that ran in each database, by its name; each text once, with the values of its first time. */
const recorded = new Map<string, Recorded>();
const watched = new WeakSet<pg.PoolClient>();
const sources = readdirSync(resolve(import.meta.dirname, '../../src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => readFileSync(resolve(entry.parentPath, entry.name), 'utf8'))
  .join('\n');

/** Notes every statement that goes through a pool to the database of this URL. */
export function recordStatements(pool: ConnectionPool, url: string): ConnectionPool {
  const name = nameOf(url);
  const statements = recorded.get(name) ?? new Map<string, readonly unknown[]>();
  recorded.set(name, statements);
  return {
    ...pool,
    connect: async (signal) => {
      const client = await pool.connect(signal);
      if (!watched.has(client)) watch(client, statements);
      return client;
    },
  };
}

function watch(client: pg.PoolClient, statements: Recorded): void {
  watched.add(client);
  const query = client.query.bind(client) as (...args: unknown[]) => unknown; // one of many overloads, passed on
  client.query = ((...args: unknown[]) => {
    const [text, values] = args;
    if (typeof text === 'string' && Array.isArray(values) && !statements.has(text)) statements.set(text, values);
    return query(...args);
  }) as typeof client.query; // the same function, which looks at what it passes on
}

/**
 * How statements of the service that ran in this database read a table that grows as a whole: each with its text. The
 * planner may not read a table from end to end if there is any other way, so that what is found needs no large table to be
 * found: either there is an index with a condition on what is asked for, or there is none.
 */
export async function findWholeTableReads(appUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: appUrl });
  await client.connect();
  const found: string[] = [];
  try {
    const partial = await readPartialIndexes(client);
    for (const [text, values] of recorded.get(nameOf(appUrl)) ?? []) {
      if (isOfService(text)) found.push(...(await explain(client, text, values, partial)));
    }
    return found;
  } finally {
    recorded.get(nameOf(appUrl))?.clear();
    await client.end();
  }
}

/** Tests run statements of their own through the same path: those are in no source of the service. */
export function isOfService(text: string): boolean {
  if (!/^\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b/.test(text)) return false;
  return text.split('\n').some((given) => {
    const line = given.trim();
    if (line.length > 30) return sources.includes(line.slice(0, 30));
    return line.length > 20 && [`${line}\n`, `${line}\``, `${line}'`].some((whole) => sources.includes(whole));
  });
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** An index of few rows, such as of what is yet to be done, bounds what is read of it by itself. */
async function readPartialIndexes(client: pg.Client): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT indexrelid::regclass::text AS name FROM pg_index WHERE indpred IS NOT NULL`,
  );
  return new Set(rows.map(({ name }) => name));
}

async function explain(
  client: pg.Client,
  text: string,
  values: readonly unknown[],
  partial: ReadonlySet<string>,
): Promise<string[]> {
  await client.query(`BEGIN; SET LOCAL enable_seqscan = off;
    SELECT set_config('app.tenant_id', '01890a5d-0000-7000-8000-000000000001', true)`);
  try {
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(`EXPLAIN (FORMAT JSON) ${text}`, [
      ...values,
    ]);
    const reads = rows.flatMap((row) => wholeReads(row['QUERY PLAN'][0].Plan, partial));
    return [...new Set(reads)].map((read) => `${read}: ${text.trim()}`);
  } catch (error) {
    // What PostgreSQL refuses, with values that a test has chosen to be refused, it reads nothing for.
    if (error instanceof pg.DatabaseError && /^(22|42)/.test(error.code ?? '')) return [];
    throw error;
  } finally {
    await client.query('ROLLBACK');
  }
}

function wholeReads(node: PlanNode, partial: ReadonlySet<string>): string[] {
  const below = (node.Plans ?? []).flatMap((child) => wholeReads(child, partial));
  const table = node['Relation Name'];
  const type = node['Node Type'];
  if (type === 'Seq Scan' && table !== undefined && isLarge(table)) return [`Seq Scan on ${table}`, ...below];
  const isIndexRead = type === 'Index Scan' || type === 'Index Only Scan' || type === 'Bitmap Index Scan';
  const isBounded = node['Index Cond'] !== undefined || partial.has(node['Index Name'] ?? '');
  if (isIndexRead && !isBounded && (table === undefined || isLarge(table))) {
    return [`${type} without a condition on ${table ?? node['Index Name'] ?? 'an index'}`, ...below];
  }
  return below;
}

function isLarge(relation: string): boolean {
  const table = relation.replace(/_(\d{4}_\d{2}|default)$/, '');
  const entries: Readonly<Record<string, TableEntry>> = DATA_MAP;
  return entries[table] !== undefined && !SMALL.has(table);
}

function nameOf(url: string): string {
  return new URL(url).pathname;
}
