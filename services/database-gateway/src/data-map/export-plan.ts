import { DATA_MAP, type TableName } from './data-map.ts';
import type { ColumnEntry, TableEntry, TenantPath } from './table-entry.ts';

/** A table as an export reads it. */
export interface ExportTable {
  readonly name: TableName;
  readonly tenantPath: TenantPath;
  /** Exported columns, in the order of the map. */
  readonly columns: readonly string[];
  readonly orderBy: readonly string[];
}

/** A `table` or `table.column` that an export excludes, with the reason. */
export interface ExportExclusion {
  readonly name: string;
  readonly reason: string;
}

/** Tables that an export contains, and its exclusions. */
export interface ExportPlan {
  readonly tables: readonly ExportTable[];
  readonly excluded: readonly ExportExclusion[];
}

/** Derives the plan of an export from the data map. */
export function planExport(): ExportPlan {
  const tables: ExportTable[] = [];
  const excluded: ExportExclusion[] = [];
  // The object literal has no other keys than those of its type.
  for (const name of Object.keys(DATA_MAP) as TableName[]) {
    const entry: TableEntry = DATA_MAP[name];
    if (entry.exportPolicy !== 'rows') {
      excluded.push({ name, reason: entry.exportPolicy.excluded });
      continue;
    }
    if (entry.tenantPath === null) throw new Error(`The data map exports "${name}", which has no path to a tenant`);
    const columns: string[] = [];
    for (const [column, policy] of Object.entries(entry.columns)) {
      const reason = exclusionOf(policy);
      if (reason === undefined) columns.push(column);
      else excluded.push({ name: `${name}.${column}`, reason });
    }
    tables.push({ name, tenantPath: entry.tenantPath, columns, orderBy: entry.primaryKey });
  }
  return { tables, excluded };
}

function exclusionOf(column: ColumnEntry): string | undefined {
  return typeof column === 'string' ? undefined : column.excluded;
}
