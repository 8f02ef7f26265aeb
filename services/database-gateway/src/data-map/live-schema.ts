import { createHash } from 'node:crypto';

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

/** Something beside tables that can hold or reach data, as `kind name`. */
export interface LiveObject {
  readonly name: string;
}

/** A table or partition that row-level security does not hold for the application as it should. */
export interface LiveUnprotected {
  readonly name: string;
  readonly parent: string;
}

/** The schema as it is. */
export interface LiveSchema {
  readonly columns: readonly LiveColumn[];
  readonly constraints: readonly LiveConstraint[];
  readonly objects: readonly LiveObject[];
  readonly unprotected: readonly LiveUnprotected[];
}

const OF_USERS = `n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'`;
const USER_TABLES = `c.relkind IN ('r', 'p', 'm', 'f') AND NOT c.relispartition AND ${OF_USERS}`;
/** Something outside of `public` keeps its schema's name, so that it matches no entry of the map. */
const nameOf = (column: string): string =>
  `(CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || ${column})::text COLLATE "C"`;
const TABLE_NAME = nameOf('c.relname');

/** Gives the columns of every table of users, in a fixed order. Those of a partition are its parent's. */
const COLUMNS_QUERY = `
  SELECT ${TABLE_NAME} AS table_name, a.attname::text COLLATE "C" AS column_name,
    format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attnum > 0 AND NOT a.attisdropped AND ${USER_TABLES}
  ORDER BY 1, a.attnum`;

/**
 * Gives the constraints of every table of users, in a fixed order. A foreign key to a partitioned table has one more for
 * each partition: those come and go with the months. PostgreSQL 18 lists NOT NULL among constraints, earlier ones do not:
 * it is left to the columns, so that the same schema has the same fingerprint on each.
 */
const CONSTRAINTS_QUERY = `
  SELECT ${TABLE_NAME} AS table_name, k.conname::text COLLATE "C" AS name, pg_get_constraintdef(k.oid) AS definition
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE k.contype <> 'n' AND k.conparentid = 0 AND ${USER_TABLES}
  ORDER BY 1, 2`;

/** Gives views, sequences, functions that run as their owner, and large objects; what belongs to an extension is its own. */
const OBJECTS_QUERY = `
  SELECT CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialised view ' WHEN 'f' THEN 'foreign table '
    ELSE 'sequence ' END || ${TABLE_NAME} AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('v', 'm', 'f', 'S') AND ${OF_USERS} AND NOT EXISTS (
    SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  UNION ALL
  SELECT 'definer ' || ${nameOf('p.proname')}
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE p.prosecdef AND ${OF_USERS} AND NOT EXISTS (
    SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
  UNION ALL
  SELECT 'large object ' || oid FROM pg_largeobject_metadata
  ORDER BY 1`;

/** Gives tables and partitions without forced row-level security or without exactly one restrictive policy. */
const UNPROTECTED_QUERY = `
  SELECT ${TABLE_NAME} AS name, coalesce(i.inhparent::regclass::text, ${TABLE_NAME}) AS parent
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
  WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public' AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND 1 = (
    SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND NOT p.polpermissive AND p.polcmd = '*'
      AND p.polroles = ARRAY['aion_app'::regrole::oid]))
  ORDER BY 1`;

/** Reads the schema of a database. `query` runs a statement and gives its rows. */
export async function readLiveSchema(query: (text: string) => Promise<unknown[]>): Promise<LiveSchema> {
  // One after another: they share a connection.
  const columns = (await query(COLUMNS_QUERY)) as LiveColumn[]; // the queries above name these columns
  const constraints = (await query(CONSTRAINTS_QUERY)) as LiveConstraint[];
  const objects = (await query(OBJECTS_QUERY)) as LiveObject[];
  const unprotected = (await query(UNPROTECTED_QUERY)) as LiveUnprotected[];
  return { columns, constraints, objects, unprotected };
}

/** SHA-256 (hex) over the ordered columns, types and constraints. */
export function fingerprintSchema(schema: Pick<LiveSchema, 'columns' | 'constraints'>): string {
  const hash = createHash('sha256');
  for (const { table_name: table, column_name: column, type, not_null: notNull } of schema.columns) {
    hash.update(`${JSON.stringify([table, column, type, notNull])}\n`);
  }
  for (const { table_name: table, name, definition } of schema.constraints) {
    hash.update(`${JSON.stringify([table, name, definition])}\n`);
  }
  return hash.digest('hex');
}
