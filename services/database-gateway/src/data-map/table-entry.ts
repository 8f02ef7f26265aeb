import type { RetentionClassName } from '@aion/contracts';

/** What a column holds, from the point of view of the law and of a leak. */
export type DataClass = 'identity' | 'content' | 'accounting' | 'secret' | 'operational';

/** What an export does with something: takes it, or leaves it out for a reason that the tenant can read. */
export type ExportPolicy = 'rows' | { readonly excluded: string };

/** A column: its data class, why an export leaves it out if it does, and whether an erasure that keeps the row empties it. */
export type ColumnEntry =
  DataClass | { readonly dataClass: DataClass; readonly excluded?: string; readonly anonymize?: true };

/**
 * Whose rows a table holds: `tenant`, each row one tenant's; `shared`, rows of tenants and, where the tenant is null, of
 * the platform; `platform`, none of any tenant.
 */
export type TableOwner = 'tenant' | 'shared' | 'platform';

/** How a row leads to its tenant: by a column of its own, or by the rows of another table that point to its key. */
export type TenantPath =
  | { readonly column: string }
  | { readonly key: string; readonly through: string; readonly reference: string; readonly column: string };

/**
 * What an erasure does with the rows: `delete` them; `drop_partition`, where a partition is one tenant's; `anonymize`, empty
 * the columns that say so and keep the row; `shred`, destroy the key that they are encrypted with; `with_last_membership`,
 * leave it to the database, which deletes a person with the last membership and keeps who is in another tenant; or keep
 * them, for a reason and until when.
 */
export type ErasureStrategy =
  | 'delete'
  | 'drop_partition'
  | 'anonymize'
  | 'shred'
  | 'with_last_membership'
  | { readonly retain: string; readonly until: string };

/** How long rows are kept: one of the tenant's classes; `proof` outlives the tenant; `platform` is kept while it is used. */
export type RetentionClass = RetentionClassName | 'proof' | 'platform';

/** A table: whose it is, what export, erasure and retention do with it, and its columns. */
export interface TableEntry {
  /** What its rows are for, in one sentence. */
  readonly purpose: string;
  readonly owner: TableOwner;
  /** Null for a table of the platform, and for no other. */
  readonly tenantPath: TenantPath | null;
  /** The columns of the primary key: the order of an export. */
  readonly primaryKey: readonly [string, ...string[]];
  /** The tables that its foreign keys point to. */
  readonly references: readonly string[];
  readonly exportPolicy: ExportPolicy;
  readonly erasure: ErasureStrategy;
  readonly retention: RetentionClass;
  readonly columns: Readonly<Record<string, ColumnEntry>>;
}

/** A data map: every table by its name. */
export type DataMap = Readonly<Record<string, TableEntry>>;

/** The path of most tables. */
export const BY_TENANT_ID = { column: 'tenant_id' } as const satisfies TenantPath;
