import type { Knex } from 'knex';
import { isolateTenant } from './isolate-tenant.ts';

/**
 * Objects in the object store that no row refers to, and from when on they may be removed.
 *
 * An object is written down here before its first byte is, in the state of an upload that never ends; the transaction that
 * inserts its file deletes the row, and that which deletes the file inserts it again. So at each instant an object has a
 * file or a row here, whatever was killed. What is claimed can become no file's any more, since its object may be gone:
 * claims, for all tenants, are made by functions of the owner.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE stray_objects (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      object_key text NOT NULL UNIQUE CHECK (object_key LIKE 'files/%' AND length(object_key) <= 1000),
      due_at timestamptz NOT NULL,
      claimed_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX stray_objects_due ON stray_objects (due_at);
    CREATE INDEX stray_objects_by_tenant ON stray_objects (tenant_id, id);
    ${isolateTenant({ table: 'stray_objects', privileges: 'SELECT, INSERT, UPDATE (due_at), DELETE' })}

    CREATE POLICY stray_objects_sweep_reads ON stray_objects FOR SELECT TO aion_owner USING (true);
    CREATE POLICY stray_objects_sweep_claims ON stray_objects FOR UPDATE TO aion_owner USING (true);
    CREATE POLICY stray_objects_sweep_settles ON stray_objects FOR DELETE TO aion_owner USING (claimed_at IS NOT NULL);

    CREATE FUNCTION claim_stray_objects(max_rows integer, claim_for interval)
      RETURNS TABLE (id uuid, object_key text, due_at timestamptz)
      LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        WITH due AS MATERIALIZED (
          SELECT d.id, d.due_at FROM public.stray_objects d WHERE d.due_at <= now()
          ORDER BY d.due_at LIMIT max_rows FOR UPDATE SKIP LOCKED)
        UPDATE public.stray_objects o SET claimed_at = now(), due_at = now() + claim_for
        FROM due WHERE o.id = due.id
        RETURNING o.id, o.object_key, due.due_at
      $$;
    CREATE FUNCTION settle_stray_objects(row_ids uuid[]) RETURNS void
      LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        DELETE FROM public.stray_objects WHERE id = ANY (row_ids) AND claimed_at IS NOT NULL
      $$;
    REVOKE ALL ON FUNCTION claim_stray_objects(integer, interval), settle_stray_objects(uuid[]) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION claim_stray_objects(integer, interval), settle_stray_objects(uuid[]) TO aion_app;
  `);
}
