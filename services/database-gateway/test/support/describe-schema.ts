import pg from 'pg';

const USERS = `n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'`;
const QUERIES: readonly string[] = [
  `SELECT 'extension', extname::text, extversion FROM pg_extension`,
  `SELECT 'schema', nspname::text, pg_get_userbyid(nspowner)::text, nspacl::text FROM pg_namespace n WHERE ${USERS}`,
  `SELECT 'relation', c.oid::regclass::text, relkind::text, pg_get_userbyid(relowner)::text, relrowsecurity, relforcerowsecurity,
     (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(relacl) a)::text, reloptions::text, relpersistence::text,
     relreplident::text, relispartition, pg_get_expr(relpartbound, c.oid), pg_get_partkeydef(c.oid),
     (SELECT string_agg(i.inhparent::regclass::text, ',') FROM pg_inherits i WHERE i.inhrelid = c.oid),
     (SELECT spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace)
   FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE ${USERS}`,
  `SELECT 'column', attrelid::regclass::text, row_number() OVER (PARTITION BY attrelid ORDER BY attnum), attname::text,
     format_type(atttypid, atttypmod), attnotnull, attgenerated::text, attidentity::text, attstorage::text,
     attcompression::text, attislocal, attinhcount, attcollation::regcollation::text,
     (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(attacl) a)::text, attoptions::text, attstattarget,
     pg_get_expr(d.adbin, d.adrelid)
   FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
     LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum
   WHERE ${USERS} AND attnum > 0 AND NOT attisdropped`,
  // PostgreSQL 18 names NOT NULL constraints; earlier versions have none of these names, and nothing refers to them.
  `SELECT 'constraint', conrelid::regclass::text, CASE contype WHEN 'n' THEN '' ELSE conname::text END, contype::text, pg_get_constraintdef(k.oid), condeferrable,
     condeferred, convalidated, conislocal, coninhcount, connoinherit,
     (SELECT p.conrelid::regclass || '.' || p.conname FROM pg_constraint p WHERE p.oid = k.conparentid)
   FROM pg_constraint k JOIN pg_namespace n ON n.oid = connamespace WHERE ${USERS}`,
  `SELECT 'index', indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisunique, indisprimary, indisvalid,
     indisready, indisclustered, indisreplident, indimmediate, indnullsnotdistinct
   FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE ${USERS}`,
  `SELECT 'function', p.oid::regprocedure::text, pg_get_userbyid(proowner)::text, pg_get_functiondef(p.oid),
     (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(proacl) a)::text
   FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE ${USERS} AND prokind <> 'a'`,
  `SELECT 'trigger', tgrelid::regclass::text, tgname::text, pg_get_triggerdef(t.oid), tgenabled::text, tgisinternal,
     tgparentid <> 0
   FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid JOIN pg_namespace n ON n.oid = relnamespace
   WHERE ${USERS} AND NOT tgisinternal`,
  `SELECT 'internal trigger', tgrelid::regclass::text, tgfoid::regproc::text, tgenabled::text, tgtype, tgdeferrable,
     tginitdeferred, (SELECT conrelid::regclass || '.' || conname FROM pg_constraint k WHERE k.oid = tgconstraint)
   FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid JOIN pg_namespace n ON n.oid = relnamespace
   WHERE ${USERS} AND tgisinternal`,
  `SELECT 'policy', polrelid::regclass::text, polname::text, polcmd::text, polpermissive,
     (SELECT array_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r)::text END ORDER BY 1)
        FROM unnest(polroles) r)::text,
     pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid) FROM pg_policy`,
  `SELECT 'sequence', seqrelid::regclass::text, seqtypid::regtype::text, seqstart::text, seqincrement::text, seqmax::text,
     seqmin::text, seqcache::text, seqcycle,
     (SELECT refobjid::regclass || '.' || refobjsubid || d.deptype::text FROM pg_depend d WHERE d.objid = seqrelid
        AND d.deptype IN ('a', 'i') AND refclassid = 'pg_class'::regclass)
   FROM pg_sequence`,
  `SELECT 'view', c.oid::regclass::text, pg_get_viewdef(c.oid)
   FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE ${USERS} AND relkind IN ('v', 'm')`,
  `SELECT 'rule', ev_class::regclass::text, rulename::text, pg_get_ruledef(r.oid) FROM pg_rewrite r
     JOIN pg_class c ON c.oid = ev_class JOIN pg_namespace n ON n.oid = relnamespace WHERE ${USERS}`,
  `SELECT 'type', t.oid::regtype::text, typtype::text, pg_get_userbyid(typowner)::text, typacl::text, typnotnull, typdefault
   FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace WHERE ${USERS}`,
  `SELECT 'enum', enumtypid::regtype::text, enumsortorder::text, enumlabel::text FROM pg_enum`,
  `SELECT 'comment', pg_describe_object(classoid, objoid, objsubid), description FROM pg_description
   WHERE objoid >= 16384`,
  `SELECT 'default privileges', defaclrole::regrole::text, defaclobjtype::text, defaclacl::text FROM pg_default_acl`,
  `SELECT 'setting', setdatabase <> 0, setrole::regrole::text, setconfig::text FROM pg_db_role_setting
   WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))`,
  `SELECT 'database', pg_get_userbyid(datdba)::text, datacl::text, encoding, datcollate::text, datctype::text
   FROM pg_database WHERE datname = current_database()`,
  `SELECT 'role', rolname::text, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls
   FROM pg_roles WHERE rolname LIKE 'aion%'`,
  `SELECT 'member', roleid::regrole::text, member::regrole::text, admin_option FROM pg_auth_members
   WHERE member::regrole::text LIKE 'aion%' OR roleid::regrole::text LIKE 'aion%'`,
  `SELECT 'event trigger', evtname::text, evtevent::text FROM pg_event_trigger`,
  `SELECT 'publication', pubname::text FROM pg_publication`,
  `SELECT 'statistics', stxrelid::regclass::text, stxname::text, pg_get_statisticsobjdef(oid) FROM pg_statistic_ext`,
  `SELECT 'cast', castsource::regtype::text, casttarget::regtype::text FROM pg_cast WHERE oid >= 16384`,
  `SELECT 'operator', oprname::text FROM pg_operator WHERE oid >= 16384`,
  `SELECT 'collation', collname::text FROM pg_collation WHERE oid >= 16384`,
];

/** Describes all that the catalogue of PostgreSQL contains of a schema: one JSON line per object, in a fixed order. */
export async function describeSchema(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`SET search_path = public; SET TimeZone = 'UTC'; SET IntervalStyle = 'iso_8601'`);
    const lines: string[] = [];
    for (const text of QUERIES) {
      const { rows } = await client.query<unknown[]>({ text, rowMode: 'array' });
      lines.push(...rows.map((row) => JSON.stringify(row)));
    }
    return lines.toSorted();
  } finally {
    await client.end();
  }
}
