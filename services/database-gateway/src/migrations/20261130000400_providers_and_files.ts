import type { Knex } from 'knex';
import { isolateTenant } from './isolate-tenant.ts';

/**
 * Configured providers, files, and the objects of the object store that no row refers to.
 *
 * Credentials are encrypted before they are stored, under the key that `key_id` names. To rotate that key, the owner lists
 * the rows of all tenants and of the platform that are encrypted under another one; each is rewritten in a transaction of
 * its tenant.
 *
 * An object is recorded in `stray_objects` before its first byte is stored, as for an upload that never completes. The
 * transaction that inserts its file deletes the row, and the transaction that deletes the file inserts it again. At any
 * time an object has a file or a row here, whichever process was killed. A claimed object can no longer become a file,
 * because it may be deleted already. Objects of all tenants are claimed by functions of the owner.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE provider_configs (
      id uuid PRIMARY KEY,
      tenant_id uuid REFERENCES tenants (id),
      name text NOT NULL CHECK (name ~ '^[A-Za-z0-9_.-]{1,64}$'),
      kind text NOT NULL CHECK (kind IN ('openai-compatible', 'anthropic', 'embedded')),
      base_url text CHECK (length(base_url) BETWEEN 1 AND 2000),
      credentials bytea CHECK (octet_length(credentials) BETWEEN 29 AND 65536),
      key_id text CHECK (length(key_id) BETWEEN 1 AND 64),
      enabled boolean NOT NULL DEFAULT true,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
      CONSTRAINT provider_configs_name_unique UNIQUE NULLS NOT DISTINCT (tenant_id, name),
      CONSTRAINT provider_configs_sealed CHECK (num_nonnulls(credentials, key_id) IN (0, 2)),
      CONSTRAINT provider_configs_embedded_is_local CHECK (
        kind <> 'embedded' OR num_nonnulls(base_url, credentials) = 0)
    );
    CREATE INDEX provider_configs_by_seal ON provider_configs (key_id);
    ${isolateTenant({
      table: 'provider_configs',
      rows: 'shared',
      privileges: 'SELECT, INSERT, UPDATE (name, base_url, credentials, key_id, enabled, updated_at, version), DELETE',
    })}
    CREATE POLICY provider_configs_sealing ON provider_configs FOR SELECT TO aion_owner USING (true);

    CREATE FUNCTION list_sealed_otherwise(current_key text, after_id uuid, max_rows integer)
      RETURNS TABLE (id uuid, tenant_id uuid, version bigint, key_id text, credentials bytea)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        SELECT p.id, p.tenant_id, p.version, p.key_id, p.credentials
        FROM public.provider_configs p
        WHERE p.key_id <> current_key AND (after_id IS NULL OR p.id > after_id)
        ORDER BY p.id LIMIT max_rows
      $$;
    CREATE FUNCTION count_sealed_rows() RETURNS TABLE (key_id text, row_count bigint)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$
        SELECT p.key_id, count(*) FROM public.provider_configs p WHERE p.key_id IS NOT NULL GROUP BY 1
      $$;
    REVOKE ALL ON FUNCTION list_sealed_otherwise(text, uuid, integer), count_sealed_rows() FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION list_sealed_otherwise(text, uuid, integer), count_sealed_rows() TO aion_app;
  `);
  await knex.raw(`
    CREATE TABLE files (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      project_id uuid,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
      content_type text NOT NULL CHECK (length(content_type) BETWEEN 1 AND 255),
      bytes bigint NOT NULL CHECK (bytes >= 0),
      sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
      object_key text NOT NULL UNIQUE CHECK (length(object_key) BETWEEN 1 AND 1000),
      created_at timestamptz NOT NULL DEFAULT now(),
      FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id)
    );
    CREATE INDEX files_by_tenant ON files (tenant_id, id);
    CREATE INDEX files_by_name ON files (tenant_id, name, id);
    CREATE INDEX files_by_project ON files (tenant_id, project_id, id) WHERE project_id IS NOT NULL;
    ${isolateTenant({ table: 'files', privileges: 'SELECT, INSERT, DELETE' })}
  `);
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
