import { DATA_MAP, type TableEntry, type TableName } from './data-map.ts';

/** A table as an export reads it. */
export interface ExportTable {
  readonly name: TableName;
  readonly tenantColumn: string;
  /** In the order of the map, without those that are excluded. */
  readonly columns: readonly string[];
  readonly orderBy: readonly string[];
}

/** Something that an export leaves out, `table` or `table.column`, and why. */
export interface ExportExclusion {
  readonly name: string;
  readonly reason: string;
}

/** What an export takes and what it leaves out. */
export interface ExportPlan {
  readonly tables: readonly ExportTable[];
  readonly excluded: readonly ExportExclusion[];
}

/** Reads the plan of an export from the data map. */
export function planExport(): ExportPlan {
  const tables: ExportTable[] = [];
  const excluded: ExportExclusion[] = [];
  // Object.keys forgets that an object literal has no other keys than its type's.
  for (const name of Object.keys(DATA_MAP) as TableName[]) {
    const entry: TableEntry = DATA_MAP[name];
    if (entry.exportPolicy !== 'rows') {
      excluded.push({ name, reason: entry.exportPolicy.excluded });
      continue;
    }
    if (entry.tenantColumn === null) throw new Error(`The data map exports "${name}", which names no tenant column`);
    const columns = Object.entries(entry.columns);
    tables.push({
      name,
      tenantColumn: entry.tenantColumn,
      columns: columns.filter(([, policy]) => typeof policy === 'string').map(([column]) => column),
      orderBy: entry.primaryKey,
    });
    for (const [column, policy] of columns) {
      if (typeof policy !== 'string') excluded.push({ name: `${name}.${column}`, reason: policy.excluded });
    }
  }
  return { tables, excluded };
}
