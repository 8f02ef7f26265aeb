import { DATA_MAP } from './data-map.ts';
import { EXPECTED_SCHEMA } from './expected-schema.ts';
import type { LiveColumn, LiveObject, LiveSchema, LiveUnprotected } from './live-schema.ts';
import { digestSchema, type SchemaDigests, type SchemaPart } from './schema-digests.ts';
import { SCHEMA_OBJECTS } from './schema-objects.ts';
import type { DataMap } from './table-entry.ts';

/**
 * Describes in sentences how a live schema differs from the declared one: tables, columns, other objects, and missing
 * row-level security; if these agree, any other difference from the result of the migrations. Empty without differences.
 */
export function findSchemaDrift(live: LiveSchema): string[] {
  const problems = [
    ...compareColumns(DATA_MAP, live.columns),
    ...compareObjects(SCHEMA_OBJECTS, live.objects),
    ...findUnprotected(DATA_MAP, live.unprotected),
  ];
  return problems.length > 0 ? problems : compareDigests(EXPECTED_SCHEMA, digestSchema(live));
}

function compareDigests(expected: SchemaDigests, live: SchemaDigests): string[] {
  const parts = Object.keys(expected) as SchemaPart[]; // a record has no other keys than those of its type
  return parts.flatMap((part) =>
    expected[part] === live[part] ? [] : [`The ${part} differ from those of the migrations.`],
  );
}

function compareColumns(dataMap: DataMap, live: readonly LiveColumn[]): string[] {
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
      problems.push(`Table "${table}" of the data map does not exist.`);
      continue;
    }
    for (const column of Object.keys(entry.columns)) {
      if (!columns.includes(column)) problems.push(`Column "${table}.${column}" of the data map does not exist.`);
    }
  }
  return problems;
}

function compareObjects(declared: Readonly<Record<string, string>>, live: readonly LiveObject[]): string[] {
  const names = new Set(live.map(({ name }) => name));
  return [
    ...[...names].filter((name) => !Object.hasOwn(declared, name)).map((name) => `The ${name} is not declared.`),
    ...Object.keys(declared).flatMap((name) => (names.has(name) ? [] : [`The declared ${name} does not exist.`])),
  ];
}

function findUnprotected(dataMap: DataMap, unprotected: readonly LiveUnprotected[]): string[] {
  return unprotected
    .filter(({ parent }) => dataMap[parent] !== undefined && dataMap[parent].owner !== 'platform')
    .map(({ name }) => `Row-level security does not isolate the tenants in "${name}".`);
}
