import type { ColumnEntry, DataMap, TableEntry, TenantPath } from './table-entry.ts';

/** What an erasure does with a tenant's rows of one table. */
export interface ErasureStep {
  readonly table: string;
  readonly strategy: 'delete' | 'drop_partition' | 'anonymize' | 'shred';
  readonly tenantPath: TenantPath;
  /** The columns that are emptied where the row is kept. */
  readonly anonymized: readonly string[];
}

/** A table whose rows the database deletes by itself, each with the last row that ties it to a tenant. */
export interface FollowingTable {
  readonly table: string;
  /** The table of the rows that tie it: of those of this tenant, the plan has a step. */
  readonly through: string;
}

/** A table that an erasure leaves as it is. */
export interface RetainedTable {
  readonly table: string;
  readonly reason: string;
  readonly until: string;
}

/** What an erasure does, in the order in which foreign keys let it be done. */
export interface ErasurePlan {
  readonly steps: readonly ErasureStep[];
  /** Have no step of their own: after the steps, no row leads from them to the tenant. What will go is counted before. */
  readonly following: readonly FollowingTable[];
  readonly retained: readonly RetainedTable[];
}

/**
 * Reads the plan of an erasure from a data map: each table before those that its foreign keys point to.
 * @throws Error for foreign keys in a circle, for a row that would be kept and point to one that is gone, and for one that
 *   is to go with the last membership and has none
 */
export function planErasure(dataMap: DataMap): ErasurePlan {
  const steps: ErasureStep[] = [];
  const following: FollowingTable[] = [];
  const retained: RetainedTable[] = [];
  for (const [table, entry] of orderByReferences(dataMap)) {
    const { erasure, tenantPath } = entry;
    assertNoneDangles(dataMap, table, entry);
    if (typeof erasure === 'object') {
      retained.push({ table, reason: erasure.retain, until: erasure.until });
      continue;
    }
    if (erasure === 'with_last_membership') {
      following.push({ table, through: requireDeleted(dataMap, table, tenantPath) });
      continue;
    }
    if (tenantPath === null) throw new Error(`The data map erases "${table}", which has no path to a tenant`);
    const anonymized = erasure === 'anonymize' ? anonymizedColumns(entry) : [];
    steps.push({ table, strategy: erasure, tenantPath, anonymized });
  }
  return { steps, following, retained };
}

/** Tables with those that point to them first; in the order of the map where nothing else decides. */
function orderByReferences(dataMap: DataMap): [string, TableEntry][] {
  const left = new Map(Object.entries(dataMap));
  const ordered: [string, TableEntry][] = [];
  while (left.size > 0) {
    const next = [...left].find(
      ([table]) => ![...left].some(([other, { references }]) => other !== table && references.includes(table)),
    );
    if (next === undefined) throw new Error(`Foreign keys go in a circle: ${[...left.keys()].join(', ')}`);
    ordered.push(next);
    left.delete(next[0]);
  }
  return ordered;
}

function assertNoneDangles(dataMap: DataMap, table: string, { erasure, references }: TableEntry): void {
  if (isGone(erasure)) return;
  const gone = references.find((reference) => isGone(dataMap[reference]?.erasure));
  if (gone !== undefined)
    throw new Error(`Rows of "${table}" are kept, and point to rows of "${gone}", which are erased`);
}

function isGone(erasure: TableEntry['erasure'] | undefined): boolean {
  return erasure === 'delete' || erasure === 'drop_partition' || erasure === 'with_last_membership';
}

/** The table by which a row leads to tenants, which must be deleted from. */
function requireDeleted(dataMap: DataMap, table: string, tenantPath: TenantPath | null): string {
  if (tenantPath !== null && 'through' in tenantPath && dataMap[tenantPath.through]?.erasure === 'delete') {
    return tenantPath.through;
  }
  throw new Error(`Rows of "${table}" go with the last row that leads to a tenant, and no such rows are deleted`);
}

function anonymizedColumns({ columns }: TableEntry): string[] {
  return Object.entries(columns).flatMap(([name, column]) => (isAnonymized(column) ? [name] : []));
}

function isAnonymized(column: ColumnEntry): boolean {
  return typeof column === 'object' && column.anonymize === true;
}
