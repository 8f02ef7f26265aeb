import pg from 'pg';
import type { ConnectionPool } from '../../src/database/connection-pool.ts';
import type { Database } from '../../src/database/database.ts';
import type { MigratedDatabase } from './test-database.ts';

/** A node of an executed plan, as `auto_explain` writes it. */
interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** An executed statement with its plan. */
export interface ExplainedStatement {
  readonly text: string;
  readonly plan: PlanNode;
}

/** Plans of the statements that sessions have run, and their callers in the source. */
export interface Recording {
  readonly statements: readonly ExplainedStatement[];
  /** `file:line` of each call in the source that has run a statement. */
  readonly sites: ReadonlySet<string>;
  pool(pool: ConnectionPool): ConnectionPool;
  database(database: Database): Database;
}

/**
 * Makes future sessions of a database send the plan of every executed statement with the rows that it has read, including
 * those of functions and triggers, whichever role they run as.
 */
export async function explainEveryStatement(superuserUrl: string): Promise<void> {
  const database = pg.escapeIdentifier(decodeURIComponent(new URL(superuserUrl).pathname.slice(1)));
  const settings = {
    session_preload_libraries: 'auto_explain',
    track_functions: 'all',
    'auto_explain.log_min_duration': '0',
    'auto_explain.log_level': 'notice',
    'auto_explain.log_nested_statements': 'on',
    'auto_explain.log_format': 'json',
    'auto_explain.log_analyze': 'on',
    'auto_explain.log_timing': 'off',
  };
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    for (const [name, value] of Object.entries(settings)) {
      await client.query(`ALTER DATABASE ${database} SET ${name} = ${pg.escapeLiteral(value)}`);
    }
  } finally {
    await client.end();
  }
}

/** Records the statements of the pools and databases that are created with it. */
export function startRecording(): Recording {
  const statements: ExplainedStatement[] = [];
  const sites = new Set<string>();
  const watched = new WeakSet<pg.PoolClient>();
  const watch = (client: pg.PoolClient): void => {
    watched.add(client);
    client.on('notice', ({ message = '' }) => {
      const explained = parsePlan(message);
      if (explained !== undefined) statements.push(explained);
    });
    const query = client.query.bind(client) as (...args: unknown[]) => unknown; // one of many overloads, passed on
    client.query = ((...args: unknown[]) => {
      noteSites(sites);
      return query(...args);
    }) as typeof client.query; // the same function, which looks at who calls it
  };
  return {
    statements,
    sites,
    pool: (pool) => ({
      ...pool,
      connect: async (signal) => {
        const client = await pool.connect(signal);
        if (!watched.has(client)) watch(client);
        return client;
      },
    }),
    // It acquires a connection first, after which the stack no longer contains the caller.
    database: (database) => ({
      ...database,
      query: (query, options) => {
        noteSites(sites);
        return database.query(query, options);
      },
    }),
  };
}

/** Records every line of the service's source on the stack. */
function noteSites(sites: Set<string>): void {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 40;
  const { stack = '' } = new Error('for its stack');
  Error.stackTraceLimit = limit;
  for (const [, file, line] of stack.matchAll(/\/database-gateway\/src\/([\w/-]+\.ts):(\d+):\d+/g)) {
    sites.add(`${file}:${line}`);
  }
}

function parsePlan(message: string): ExplainedStatement | undefined {
  const at = message.indexOf('plan:\n');
  if (!message.startsWith('duration: ') || at === -1) return undefined;
  const parsed = JSON.parse(message.slice(at + 6)) as { 'Query Text': string; Plan: PlanNode }; // auto_explain's format
  return { text: parsed['Query Text'], plan: parsed.Plan };
}

/** Reads the number of rows of each table and partition. */
export type TableSizes = ReadonlyMap<string, number>;

/** Exception for a statement that may read more than others. */
export interface AllowedRead {
  readonly statement: RegExp;
  readonly maxRows: number;
  /** Tables that it may scan completely. */
  readonly whole?: readonly string[];
  readonly reason: string;
}

/** A page has 20 items and a claim up to 100 rows. */
const MAX_ROWS = 110;
/** A complete scan of a table with fewer rows costs nothing. */
const SMALL_ROWS = 1_000;

/** Reads the sizes of the tables of the service from their last ANALYZE. */
export async function readTableSizes(db: Pick<MigratedDatabase, 'sql'>): Promise<TableSizes> {
  const rows = await db.sql<{ name: string; rows: number }>(
    `SELECT relname::text AS name, reltuples::float8 AS rows FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  );
  return new Map(rows.map(({ name, rows: count }) => [name, count]));
}

/** Lists statements that read, sort or hash too many rows, with the plan node and the text, each once. */
export function findFaultyReads(
  statements: readonly ExplainedStatement[],
  sizes: TableSizes,
  allowed: readonly AllowedRead[],
): string[] {
  const found = statements.flatMap(({ text, plan }) => {
    const { maxRows = MAX_ROWS, whole = [] } = allowed.find(({ statement }) => statement.test(text)) ?? {};
    const isLarge = (table: string) => (sizes.get(table) ?? 0) > SMALL_ROWS && !whole.includes(table);
    return findFaults(plan, { maxRows, isLarge }).map((fault) => `${fault}: ${text.trim()}`);
  });
  return [...new Set(found)];
}

interface Bounds {
  readonly maxRows: number;
  readonly isLarge: (table: string) => boolean;
}

function findFaults(node: PlanNode, bounds: Bounds): string[] {
  const below = (node.Plans ?? []).flatMap((child) => findFaults(child, bounds));
  const { 'Node Type': type, 'Relation Name': table, 'Index Name': index } = node;
  const where = [table, index].filter((name) => name !== undefined).join(' by ');
  const read = where === '' ? type : `${type} on ${where}`;
  if (type === 'Seq Scan' && table !== undefined && bounds.isLarge(table)) return [read, ...below];
  const rows = rowsReadBy(node);
  return rows > bounds.maxRows ? [`${read} of ${rows} rows`, ...below] : below;
}

/** Counts the rows that a node has read in all its loops. */
function rowsReadBy(node: PlanNode): number {
  const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  return Math.round(((node['Actual Rows'] ?? 0) + removed) * (node['Actual Loops'] ?? 1));
}
