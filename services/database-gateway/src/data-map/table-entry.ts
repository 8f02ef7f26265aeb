import type { RetentionClassName } from '@aion/contracts';

/** Class of the data in a column, for privacy law and for the impact of a leak. */
export type DataClass = 'identity' | 'content' | 'accounting' | 'secret' | 'operational';

/** Policy of an export: includes the rows, or excludes them for a reason that the tenant can read. */
export type ExportPolicy = 'rows' | { readonly excluded: string };

/** A column: its data class, the reason for its exclusion from exports, and whether an erasure anonymizes it. */
export type ColumnEntry =
  DataClass | { readonly dataClass: DataClass; readonly excluded?: string; readonly anonymize?: true };

/**
 * Owner of the rows of a table: `tenant`, each row belongs to one tenant; `shared`, rows of tenants and, where the tenant is
 * null, of the platform; `platform`, no rows of tenants.
 */
export type TableOwner = 'tenant' | 'shared' | 'platform';

/** Path from a row to its tenant: through its own column, or through rows of another table that refer to its key. */
export type TenantPath =
  | { readonly column: string }
  | { readonly key: string; readonly through: string; readonly reference: string; readonly column: string };

/**
 * Treatment of rows by an erasure: `delete`; `drop_partition`, for a partition of one tenant; `anonymize`, which empties the
 * columns with that flag and retains the row; `shred`, which destroys the key that encrypts the rows;
 * `with_last_membership`, where a trigger deletes a person with the last membership; or retention for a reason and a time.
 */
export type ErasureStrategy =
  | 'delete'
  | 'drop_partition'
  | 'anonymize'
  | 'shred'
  | 'with_last_membership'
  | { readonly retain: string; readonly until: string };

/** Retention of rows: a class that the tenant configures; `proof` outlives the tenant; `platform` lasts while in use. */
export type RetentionClass = RetentionClassName | 'proof' | 'platform';

/** A table: its owner, its treatment by export, erasure and retention, and its columns. */
export interface TableEntry {
  /** Purpose of its rows, in one sentence. */
  readonly purpose: string;
  readonly owner: TableOwner;
  /** Null only for tables of the platform. */
  readonly tenantPath: TenantPath | null;
  /** Columns of the primary key, which determine the order of an export. */
  readonly primaryKey: readonly [string, ...string[]];
  /** Tables that its foreign keys refer to. */
  readonly references: readonly string[];
  readonly exportPolicy: ExportPolicy;
  readonly erasure: ErasureStrategy;
  readonly retention: RetentionClass;
  readonly columns: Readonly<Record<string, ColumnEntry>>;
}

/** Data map: every table by its name. */
export type DataMap = Readonly<Record<string, TableEntry>>;

/** Tenant path of most tables. */
export const BY_TENANT_ID = { column: 'tenant_id' } as const satisfies TenantPath;
