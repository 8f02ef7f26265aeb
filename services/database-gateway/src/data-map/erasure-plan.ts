import type { ColumnEntry, DataMap, TableEntry, TenantPath } from './table-entry.ts';

/** Step of an erasure: what happens to a tenant's rows of one table. */
export interface ErasureStep {
  readonly table: string;
  readonly strategy: 'delete' | 'drop_partition' | 'anonymize' | 'shred';
  readonly tenantPath: TenantPath;
  /** Columns that are anonymized in rows that remain. */
  readonly anonymized: readonly string[];
}

/** A table whose rows a trigger deletes together with the last row that connects them to a tenant. */
export interface FollowingTable {
  readonly table: string;
  /** Table of the connecting rows; the plan has a step for those of the tenant. */
  readonly through: string;
}

/** A table that an erasure does not change. */
export interface RetainedTable {
  readonly table: string;
  readonly reason: string;
  readonly until: string;
}

/** Steps of an erasure, in an order that foreign keys allow. */
export interface ErasurePlan {
  readonly steps: readonly ErasureStep[];
  /** Tables without a step: afterwards no row connects them to the tenant, so their rows are counted before the steps. */
  readonly following: readonly FollowingTable[];
  readonly retained: readonly RetainedTable[];
}

/**
 * Derives the plan of an erasure from a data map: each table before those that its foreign keys refer to.
 * @throws Error for circular foreign keys, for a remaining row that refers to an erased one, and for a row that should be
 *   deleted with the last membership but has no memberships that are deleted
 */
export function planErasure(dataMap: DataMap): ErasurePlan {
  const steps: ErasureStep[] = [];
  const following: FollowingTable[] = [];
  const retained: RetainedTable[] = [];
  for (const [table, entry] of orderByReferences(dataMap)) {
    const { erasure, tenantPath } = entry;
    assertNoDanglingReference(dataMap, table, entry);
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

/** Sorts tables so that referring tables come first; otherwise keeps the order of the map. */
function orderByReferences(dataMap: DataMap): [string, TableEntry][] {
  const left = new Map(Object.entries(dataMap));
  const ordered: [string, TableEntry][] = [];
  while (left.size > 0) {
    const next = [...left].find(
      ([table]) => ![...left].some(([other, { references }]) => other !== table && references.includes(table)),
    );
    if (next === undefined) throw new Error(`Foreign keys are circular: ${[...left.keys()].join(', ')}`);
    ordered.push(next);
    left.delete(next[0]);
  }
  return ordered;
}

function assertNoDanglingReference(dataMap: DataMap, table: string, { erasure, references }: TableEntry): void {
  if (isGone(erasure)) return;
  const gone = references.find((reference) => isGone(dataMap[reference]?.erasure));
  if (gone !== undefined)
    throw new Error(`Rows of "${table}" remain, and refer to rows of "${gone}", which are erased`);
}

function isGone(erasure: TableEntry['erasure'] | undefined): boolean {
  return erasure === 'delete' || erasure === 'drop_partition' || erasure === 'with_last_membership';
}

/** Returns the table that connects rows to tenants, whose rows must be deleted. */
function requireDeleted(dataMap: DataMap, table: string, tenantPath: TenantPath | null): string {
  if (tenantPath !== null && 'through' in tenantPath && dataMap[tenantPath.through]?.erasure === 'delete') {
    return tenantPath.through;
  }
  throw new Error(
    `Rows of "${table}" are deleted with the last row that connects them to a tenant, and no such rows are deleted`,
  );
}

function anonymizedColumns({ columns }: TableEntry): string[] {
  return Object.entries(columns).flatMap(([name, column]) => (isAnonymized(column) ? [name] : []));
}

function isAnonymized(column: ColumnEntry): boolean {
  return typeof column === 'object' && column.anonymize === true;
}
