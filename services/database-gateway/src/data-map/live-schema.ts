/** A column, from the catalogue of PostgreSQL. */
export interface LiveColumn {
  readonly table_name: string;
  readonly column_name: string;
  readonly type: string;
  readonly not_null: boolean;
  /** `s` for a generated column; otherwise empty. */
  readonly generated: string;
}

/** A constraint, from the catalogue of PostgreSQL. */
export interface LiveConstraint {
  readonly table_name: string;
  readonly name: string;
  readonly definition: string;
}

/** An object other than a table that can contain or access data, as `kind name`. */
export interface LiveObject {
  readonly name: string;
}

/** A table or partition without the required row-level security. */
export interface LiveUnprotected {
  readonly name: string;
  readonly parent: string;
}

/** A definition of PostgreSQL that determines access to rows or changes them. */
export interface LiveDefinition {
  readonly part: 'tables' | 'policies' | 'functions' | 'triggers' | 'grants';
  readonly definition: string;
}

/** The live schema of a database. */
export interface LiveSchema {
  readonly columns: readonly LiveColumn[];
  readonly constraints: readonly LiveConstraint[];
  readonly objects: readonly LiveObject[];
  readonly unprotected: readonly LiveUnprotected[];
  readonly definitions: readonly LiveDefinition[];
}

const OF_USERS = `n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'`;
const USER_TABLES = `c.relkind IN ('r', 'p', 'm', 'f') AND NOT c.relispartition AND ${OF_USERS}`;
/** Builds the name of an object: outside of `public` with its schema, so that it matches no entry of the data map. */
const nameOf = (column: string): string =>
  `(CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || ${column})::text COLLATE "C"`;
const TABLE_NAME = nameOf('c.relname');
const notOfExtension = (catalogue: string, oid: string): string => `NOT EXISTS (
    SELECT 1 FROM pg_depend d WHERE d.classid = '${catalogue}'::regclass AND d.objid = ${oid} AND d.deptype = 'e')`;
const roleName = (oid: string): string => `CASE ${oid} WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(${oid})::text END`;

/** Selects the columns of every user table in a fixed order, without partitions, whose columns equal their parent's. */
const COLUMNS_QUERY = `
  SELECT ${TABLE_NAME} AS table_name, a.attname::text COLLATE "C" AS column_name,
    format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null,
    a.attgenerated AS generated
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attnum > 0 AND NOT a.attisdropped AND ${USER_TABLES}
  ORDER BY 1, a.attnum`;

/**
 * Selects the constraints of every user table in a fixed order. Excludes the additional constraints of foreign keys to
 * partitions, which change every month, and NOT NULL, which only PostgreSQL 18 lists as a constraint and which the columns
 * contain, so that the same schema has the same fingerprint on every version.
 */
const CONSTRAINTS_QUERY = `
  SELECT ${TABLE_NAME} AS table_name, k.conname::text COLLATE "C" AS name, pg_get_constraintdef(k.oid) AS definition
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE k.contype <> 'n' AND k.conparentid = 0 AND ${USER_TABLES}
  ORDER BY 1, 2`;

/** Selects views, sequences, functions that run as their owner, and large objects, except those of extensions. */
const OBJECTS_QUERY = `
  SELECT CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialised view ' WHEN 'f' THEN 'foreign table '
    ELSE 'sequence ' END || ${TABLE_NAME} AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('v', 'm', 'f', 'S') AND ${OF_USERS} AND ${notOfExtension('pg_class', 'c.oid')}
  UNION ALL
  SELECT 'definer ' || ${nameOf('p.proname')}
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE p.prosecdef AND ${OF_USERS} AND ${notOfExtension('pg_proc', 'p.oid')}
  UNION ALL
  SELECT 'large object ' || oid FROM pg_largeobject_metadata
  ORDER BY 1`;

/** Selects tables and partitions without forced row-level security or without exactly one restrictive policy. */
const UNPROTECTED_QUERY = `
  SELECT ${TABLE_NAME} AS name, coalesce(i.inhparent::regclass::text, ${TABLE_NAME}) AS parent
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
  WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public' AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND 1 = (
    SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND NOT p.polpermissive AND p.polcmd = '*'
      AND p.polroles = ARRAY['aion_app'::regrole::oid]))
  ORDER BY 1`;

/**
 * Selects the other definitions that determine access to rows: owners and row-level security of tables, policies,
 * functions, triggers, and privileges of roles other than the owner. All partitions of a table have the same name, and
 * equal lines are selected once, so that a further partition like the others changes nothing.
 */
const DEFINITIONS_QUERY = `
  WITH relation AS (
    SELECT c.oid, c.relkind, c.relowner, c.relrowsecurity, c.relforcerowsecurity,
      coalesce(c.relacl, acldefault((CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char", c.relowner)) AS acl,
      coalesce('a partition of ' || i.inhparent::regclass::text, ${TABLE_NAME}) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ${OF_USERS} AND ${notOfExtension('pg_class', 'c.oid')}),
  routine AS (
    SELECT p.oid, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner)) AS acl,
      ${nameOf('p.proname')} || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS name
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prokind IN ('f', 'p') AND ${OF_USERS} AND ${notOfExtension('pg_proc', 'p.oid')}),
  granted AS (
    SELECT r.name, a.grantee, a.privilege_type, a.is_grantable
    FROM relation r, aclexplode(r.acl) a WHERE a.grantee <> r.relowner
    UNION ALL
    SELECT r.name || '.' || t.attname, a.grantee, a.privilege_type, a.is_grantable
    FROM relation r JOIN pg_attribute t ON t.attrelid = r.oid AND NOT t.attisdropped, aclexplode(t.attacl) a
    WHERE a.grantee <> r.relowner
    UNION ALL
    SELECT f.name, a.grantee, a.privilege_type, a.is_grantable
    FROM routine f, aclexplode(f.acl) a WHERE a.grantee <> f.proowner)
  SELECT DISTINCT part, definition::text COLLATE "C" AS definition FROM (
    SELECT 'tables' AS part, format('%s of %s, row security %s, forced %s', r.name, pg_get_userbyid(r.relowner),
      r.relrowsecurity, r.relforcerowsecurity) AS definition
    FROM relation r WHERE r.relkind IN ('r', 'p')
    UNION ALL
    SELECT 'policies', format('%s on %s, permissive %s, for %s, to %s, using %s, check %s', p.polname, r.name,
      p.polpermissive, p.polcmd,
      (SELECT string_agg(${roleName('o')}, ',' ORDER BY ${roleName('o')} COLLATE "C") FROM unnest(p.polroles) o),
      pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    FROM pg_policy p JOIN relation r ON r.oid = p.polrelid
    UNION ALL
    SELECT 'functions', format('of %s: %s', pg_get_userbyid(f.proowner), pg_get_functiondef(f.oid)) FROM routine f
    UNION ALL
    SELECT 'triggers', format('%s, enabled %s', pg_get_triggerdef(t.oid), t.tgenabled)
    FROM pg_trigger t JOIN relation r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal AND t.tgparentid = 0
    UNION ALL
    SELECT 'grants', format('%s on %s to %s, grantable %s', g.privilege_type, g.name, ${roleName('g.grantee')},
      g.is_grantable)
    FROM granted g) d
  ORDER BY 1, 2`;

/** Pins the settings that determine how PostgreSQL formats definitions, for the rest of the transaction. */
const PINNED_QUERY = `
  SELECT set_config('search_path', 'public', true), set_config('IntervalStyle', 'iso_8601', true),
    set_config('DateStyle', 'ISO, YMD', true), set_config('TimeZone', 'UTC', true),
    set_config('bytea_output', 'hex', true), set_config('quote_all_identifiers', 'off', true)`;

/** Reads the schema of a database. `query` runs all statements in the same transaction and returns their rows. */
export async function readLiveSchema(query: (text: string) => Promise<unknown[]>): Promise<LiveSchema> {
  // Sequential, because they share a connection.
  await query(PINNED_QUERY);
  const columns = (await query(COLUMNS_QUERY)) as LiveColumn[]; // the queries above select these columns
  const constraints = (await query(CONSTRAINTS_QUERY)) as LiveConstraint[];
  const objects = (await query(OBJECTS_QUERY)) as LiveObject[];
  const unprotected = (await query(UNPROTECTED_QUERY)) as LiveUnprotected[];
  const definitions = (await query(DEFINITIONS_QUERY)) as LiveDefinition[];
  return { columns, constraints, objects, unprotected, definitions };
}
