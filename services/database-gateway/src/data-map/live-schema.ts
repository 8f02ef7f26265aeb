import { createHash } from 'node:crypto';
import type { TableEntry } from './data-map.ts';

/** A column as the catalogue of PostgreSQL describes it. */
export interface LiveColumn {
  readonly table_name: string;
  readonly column_name: string;
  readonly type: string;
  readonly not_null: boolean;
}

/** A constraint as the catalogue of PostgreSQL describes it. */
export interface LiveConstraint {
  readonly table_name: string;
  readonly name: string;
  readonly definition: string;
}

/** The schema as it is. */
export interface LiveSchema {
  readonly columns: readonly LiveColumn[];
  readonly constraints: readonly LiveConstraint[];
}

const USER_TABLES = `c.relkind IN ('r', 'p', 'm', 'f') AND NOT c.relispartition
  AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'`;
// A table outside of `public` keeps its schema's name, so that it matches no entry of the map.
const TABLE_NAME = `CASE WHEN n.nspname = 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END COLLATE "C"`;

/** Gives the columns of every table of users, in a fixed order. */
export const COLUMNS_QUERY = `
  SELECT ${TABLE_NAME} AS table_name, a.attname COLLATE "C" AS column_name,
    format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attnum > 0 AND NOT a.attisdropped AND ${USER_TABLES}
  ORDER BY 1, a.attnum`;

/**
 * Gives the constraints of every table of users, in a fixed order. PostgreSQL 18 lists NOT NULL among them, earlier ones
 * do not: it is left to the columns, so that the same schema has the same fingerprint on each.
 */
export const CONSTRAINTS_QUERY = `
  SELECT ${TABLE_NAME} AS table_name, k.conname COLLATE "C" AS name, pg_get_constraintdef(k.oid) AS definition
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE k.contype <> 'n' AND ${USER_TABLES}
  ORDER BY 1, 2`;

/** SHA-256 (hex) over the ordered columns, types and constraints. */
export function fingerprintSchema(schema: LiveSchema): string {
  const hash = createHash('sha256');
  for (const { table_name: table, column_name: column, type, not_null: notNull } of schema.columns) {
    hash.update(`${JSON.stringify([table, column, type, notNull])}\n`);
  }
  for (const { table_name: table, name, definition } of schema.constraints) {
    hash.update(`${JSON.stringify([table, name, definition])}\n`);
  }
  return hash.digest('hex');
}

/** Says in sentences how the schema differs from the data map; empty when they agree. */
export function compareSchema(dataMap: Readonly<Record<string, TableEntry>>, live: readonly LiveColumn[]): string[] {
  const problems: string[] = [];
  const liveTables = Map.groupBy(live, (column) => column.table_name);
  for (const [table, columns] of liveTables) {
    const entry = dataMap[table];
    if (entry === undefined) {
      problems.push(`Table "${table}" is not in the data map.`);
      continue;
    }
    for (const { column_name: column } of columns) {
      if (!Object.hasOwn(entry.columns, column)) problems.push(`Column "${table}.${column}" is not in the data map.`);
    }
  }
  for (const [table, entry] of Object.entries(dataMap)) {
    const columns = liveTables.get(table)?.map((column) => column.column_name);
    if (columns === undefined) {
      problems.push(`The data map has a table "${table}" that the database has not.`);
      continue;
    }
    for (const column of Object.keys(entry.columns)) {
      if (!columns.includes(column)) problems.push(`The data map has a column "${table}.${column}" that is gone.`);
    }
  }
  return problems;
}
