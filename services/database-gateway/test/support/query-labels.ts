import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DATA_MAP } from '../../src/data-map/data-map.ts';
import type { TableEntry } from '../../src/data-map/table-entry.ts';
import { listQueryNames, toQueryName } from '../../src/database/query-name.ts';
import type { Database, PlatformTransaction, Query, TenantTransaction } from '../../src/database/database.ts';

const NAMES = new Set(listQueryNames().map(({ operation, table }) => `${operation} ${table}`));
const TABLES: Readonly<Record<string, TableEntry>> = DATA_MAP;
const sources = readdirSync(resolve(import.meta.dirname, '../../src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => readFileSync(resolve(entry.parentPath, entry.name), 'utf8'))
  .join('\n');

/** A database whose statements are compared with their names in telemetry and in the types. */
export interface LabelledDatabase {
  readonly database: Database;
  /** Statements of the service that have run and access a table that their name does not contain. */
  readonly hidden: ReadonlySet<string>;
}

/**
 * Compares every statement of the service with its name. Where no tenant is set, the types reject tables of tenants by that
 * name alone: a text that accesses another table would bypass them.
 */
export function checkLabels(database: Database): LabelledDatabase {
  const hidden = new Set<string>();
  const note = (query: Query): void => {
    const problem = findHidden(query);
    if (problem !== undefined) hidden.add(problem);
  };
  const watchTenant = (transaction: TenantTransaction): TenantTransaction => ({
    tenantId: transaction.tenantId,
    query: (query) => {
      note(query);
      return transaction.query(query);
    },
  });
  const watchPlatform = (transaction: PlatformTransaction): PlatformTransaction => ({
    tenantId: null,
    query: (query) => {
      note(query);
      return transaction.query(query);
    },
    asTenant: (tenantId, run) => transaction.asTenant(tenantId, (tenant) => run(watchTenant(tenant))),
  });
  return {
    hidden,
    database: {
      query: (query, options) => {
        note(query);
        return database.query(query, options);
      },
      withTenant: (tenantId, run, options) =>
        database.withTenant(tenantId, (transaction) => run(watchTenant(transaction)), options),
      withPlatform: (run, options) => database.withPlatform((transaction) => run(watchPlatform(transaction)), options),
    },
  };
}

/** Describes the tables that a statement accesses in spite of its name; undefined if there are none. */
function findHidden(query: Query): string | undefined {
  const { text } = query;
  if (!isOfService(text)) return undefined;
  const { operation, table } = toQueryName(query);
  if (!NAMES.has(`${operation} ${table}`)) return `${operation} ${table} is not a listed name: run pnpm generate`;
  const reached = [...text.matchAll(/\b(?:FROM|JOIN|INTO|UPDATE)\s+(?:ONLY\s+)?"?([a-z_]+)"?/g)]
    .map(([, name = '']) => name)
    .filter((name) => TABLES[name] !== undefined && name !== 'schema_migrations');
  const mayReach = (name: string): boolean => {
    // The tables of a function are in its migration.
    if (operation === 'CALL' || table === 'pg_catalog') return false;
    return TABLES[table]?.owner === 'tenant' || TABLES[name]?.owner !== 'tenant';
  };
  const beyond = reached.filter((name) => !mayReach(name));
  const isNamed = operation === 'CALL' || table === 'pg_catalog' || reached.includes(table);
  if (beyond.length === 0 && isNamed) return undefined;
  return `${operation} ${table} reaches ${reached.join(', ') || 'no table'}: ${text.trim()}`;
}

/** Returns false for statements of tests, which no source of the service contains. */
function isOfService(text: string): boolean {
  if (!/^\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b/.test(text)) return false;
  return text.split('\n').some((given) => {
    const line = given.trim();
    if (line.length > 30) return sources.includes(line.slice(0, 30));
    return line.length > 20 && [`${line}\n`, `${line}\``, `${line}'`].some((whole) => sources.includes(whole));
  });
}
