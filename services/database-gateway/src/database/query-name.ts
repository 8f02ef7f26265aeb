import type { TableName, TableNameOf } from '../data-map/data-map.ts';
import { planExport } from '../data-map/export-plan.ts';
import { findOperation, type Operation } from './find-operation.ts';
import { QUERY_NAMES } from './query-names.ts';

/** Table of a query in telemetry; `pg_catalog` for the catalogue and probes. */
export type QueryTable = TableName | 'pg_catalog';

/** Name of a query in telemetry. The names form a bounded set (`listQueryNames`), so that all series exist from the start. */
export interface QueryName {
  readonly operation: Operation;
  readonly table: QueryTable;
}

interface Statement {
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** Table of a statement, or table of the functions that serve all tenants and that the statement calls. */
type Target<T extends QueryTable> =
  { readonly table: T; readonly functionOf?: never } | { readonly functionOf: QueryTable; readonly table?: never };

/** A statement, with the table in its name. */
export type Query = Statement & Target<QueryTable>;

/**
 * A statement that may run without a tenant: functions that serve all tenants, the catalogue, tables with rows of the
 * platform, but no table whose rows all belong to tenants.
 */
export type UnscopedQuery = Statement & Target<TableNameOf<'platform' | 'shared'> | 'pg_catalog'>;

/** Derives the name of a query from its text. */
export function toQueryName({ table, functionOf, text }: Query): QueryName {
  return functionOf === undefined
    ? { operation: findOperation(text), table }
    : { operation: 'CALL', table: functionOf };
}

/** Lists the names of all queries, each once: those in the sources, and those of the tables of an export. */
export function listQueryNames(): readonly QueryName[] {
  const names = new Map(QUERY_NAMES.map<[string, QueryName]>((name) => [`${name.operation} ${name.table}`, name]));
  for (const { name: table } of planExport().tables) {
    names.set(`SELECT ${table}`, { operation: 'SELECT', table });
    names.set(`COPY ${table}`, { operation: 'COPY', table });
  }
  return [...names.values()];
}
