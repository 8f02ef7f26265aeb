import type { Knex } from 'knex';
import { isolateTenant } from './isolate-tenant.ts';

/**
 * Generations and their content, partitioned by month.
 *
 * The key of a partitioned table must contain the time by which it is partitioned. `created_at` is therefore the time in
 * the id (a UUID v7), held equal by a CHECK: the key is the id alone in all but name, a repeated INSERT meets the row of
 * the first one, and whoever knows an id reaches one partition. An existing row's `created_at` moves by the milliseconds
 * between the making of its id and its INSERT.
 *
 * Partitions are made ahead by `prepare_partitions`, which the application may call and which takes no argument. A new
 * one is attached, which lets queries of the table go on, where CREATE ... PARTITION OF would lock it. A partition has
 * the policies of its parent and no grants: it is reached through the parent alone. Rows that find no partition go to
 * the default one, which `count_default_partition_rows` watches: it must stay empty, for the partition that its rows
 * belong to cannot be attached.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(FUNCTIONS);
  await knex.raw(SET_ASIDE);
  await knex.raw(TABLES);
  await knex.raw(COPY_ROWS);
  await knex.raw(`
    ${isolateTenant({
      table: 'generations',
      privileges: `SELECT, INSERT, UPDATE (status, error_type, prompt_tokens, completion_tokens, usage_source,
        cost_micro_usd, duration_ms, time_to_first_token_ms, settled_at)`,
    })}
    ${isolateTenant({ table: 'generation_contents', privileges: 'SELECT, INSERT, UPDATE (response)' })}
  `);
}

const FUNCTIONS = `
  CREATE FUNCTION uuid_v7_time(id uuid) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN substr(id::text, 15, 1) = '7'
      THEN to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0::double precision) END;

  CREATE FUNCTION create_partition(parent name, suffix text, bounds text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE partition name := parent || '_' || suffix;
    BEGIN
      EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL)', partition, parent);
      EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', partition);
      EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', partition);
      EXECUTE format('CREATE POLICY partition_access ON public.%I TO aion_app USING (true) WITH CHECK (true)', partition);
      EXECUTE format(
        'CREATE POLICY partition_isolation ON public.%I AS RESTRICTIVE TO aion_app '
        'USING (tenant_id = (SELECT nullif(current_setting(''app.tenant_id'', true), '''')::uuid))', partition);
      EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I %s', parent, partition, bounds);
    END $$;
  REVOKE ALL ON FUNCTION create_partition(name, text, text) FROM PUBLIC;

  CREATE FUNCTION create_month_partition(parent name, month date) RETURNS boolean
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE suffix text := to_char(month, 'YYYY_MM');
    BEGIN
      IF to_regclass(format('public.%I', parent || '_' || suffix)) IS NOT NULL THEN RETURN false; END IF;
      PERFORM public.create_partition(parent, suffix, format('FOR VALUES FROM (%L) TO (%L)',
        month::timestamp AT TIME ZONE 'UTC', (month + interval '1 month')::timestamp AT TIME ZONE 'UTC'));
      RETURN true;
    END $$;
  REVOKE ALL ON FUNCTION create_month_partition(name, date) FROM PUBLIC;

  -- From the month before, whose last generations may be opened in this one, to the second next.
  CREATE FUNCTION prepare_partitions() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s'
    AS $$
    DECLARE
      this_month date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
      created integer := 0;
      parent name;
      months integer;
    BEGIN
      FOREACH parent IN ARRAY ARRAY['generations', 'generation_contents'] LOOP
        FOR months IN -1..2 LOOP
          IF to_regclass(format('public.%I', parent || to_char(this_month + months * interval '1 month', '_YYYY_MM')))
            IS NOT NULL THEN CONTINUE; END IF;
          PERFORM pg_advisory_xact_lock(hashtextextended('aion-partitions', 0));
          IF public.create_month_partition(parent, (this_month + months * interval '1 month')::date) THEN
            created := created + 1;
          END IF;
        END LOOP;
      END LOOP;
      RETURN created;
    END $$;
  REVOKE ALL ON FUNCTION prepare_partitions() FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION prepare_partitions() TO aion_app;`;

/** Under new names, and without what would hide their rows from the owner. */
const SET_ASIDE = `
  LOCK TABLE generations, generation_contents IN ACCESS EXCLUSIVE MODE;
  ALTER TABLE generations NO FORCE ROW LEVEL SECURITY;
  ALTER TABLE generation_contents NO FORCE ROW LEVEL SECURITY;
  ALTER TABLE generations RENAME TO generations_unpartitioned;
  ALTER INDEX generations_pkey RENAME TO generations_unpartitioned_pkey;
  ALTER INDEX generations_tenant_id_id_key RENAME TO generations_unpartitioned_tenant_id_id_key;
  ALTER TABLE generation_contents RENAME TO generation_contents_unpartitioned;
  ALTER INDEX generation_contents_pkey RENAME TO generation_contents_unpartitioned_pkey;
  ALTER INDEX generation_contents_by_tenant RENAME TO generation_contents_unpartitioned_by_tenant;`;

const TABLES = `
  CREATE TABLE generations (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    api_key_id uuid NOT NULL,
    project_id uuid,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'succeeded', 'failed', 'cancelled')),
    provider text NOT NULL CHECK (length(provider) <= 64),
    model text NOT NULL CHECK (length(model) <= 256),
    stream boolean NOT NULL,
    estimated_prompt_tokens bigint NOT NULL CHECK (estimated_prompt_tokens >= 0),
    prompt_tokens bigint CHECK (prompt_tokens >= 0),
    completion_tokens bigint CHECK (completion_tokens >= 0),
    usage_source text CHECK (usage_source IN ('provider', 'estimated')),
    cost_micro_usd bigint CHECK (cost_micro_usd >= 0),
    duration_ms bigint CHECK (duration_ms >= 0),
    time_to_first_token_ms bigint CHECK (time_to_first_token_ms >= 0),
    error_type text CHECK (error_type ~ '^[a-z_]{1,64}$'),
    trace_id text CHECK (trace_id ~ '^[0-9a-f]{32}$'),
    correlation_id text CHECK (length(correlation_id) <= 64),
    created_at timestamptz NOT NULL,
    settled_at timestamptz,
    PRIMARY KEY (id, created_at),
    UNIQUE (tenant_id, id, created_at),
    FOREIGN KEY (tenant_id, api_key_id) REFERENCES api_keys (tenant_id, id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id),
    CONSTRAINT generations_time_is_of_id CHECK ((created_at = uuid_v7_time(id)) IS TRUE),
    CONSTRAINT generations_pending_is_unsettled CHECK (
      CASE WHEN status = 'pending'
        THEN num_nonnulls(prompt_tokens, completion_tokens, usage_source, cost_micro_usd, duration_ms,
                          time_to_first_token_ms, error_type, settled_at) = 0
        ELSE num_nulls(prompt_tokens, completion_tokens, usage_source, cost_micro_usd, duration_ms, settled_at) = 0
      END),
    CONSTRAINT generations_success_has_no_error CHECK (status <> 'succeeded' OR error_type IS NULL),
    CONSTRAINT generations_failure_has_error CHECK (status <> 'failed' OR error_type IS NOT NULL)
  ) PARTITION BY RANGE (created_at);
  CREATE INDEX generations_by_key ON generations (tenant_id, api_key_id, created_at);
  CREATE INDEX generations_by_project ON generations (tenant_id, project_id) WHERE project_id IS NOT NULL;

  CREATE TABLE generation_contents (
    generation_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    request json NOT NULL CHECK (request::text !~ '[\\n\\r]'),
    response json CHECK (response::text !~ '[\\n\\r]'),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (generation_id, created_at),
    FOREIGN KEY (tenant_id, generation_id, created_at) REFERENCES generations (tenant_id, id, created_at),
    CONSTRAINT generation_contents_time_is_of_id CHECK ((created_at = uuid_v7_time(generation_id)) IS TRUE)
  ) PARTITION BY RANGE (created_at);
  CREATE INDEX generation_contents_by_tenant ON generation_contents (tenant_id, generation_id);

  SELECT create_partition('generations', 'default', 'DEFAULT'),
    create_partition('generation_contents', 'default', 'DEFAULT');
  CREATE POLICY partition_watch ON generations_default FOR SELECT TO aion_owner USING (true);
  CREATE POLICY partition_watch ON generation_contents_default FOR SELECT TO aion_owner USING (true);

  -- Counts no further than 10 000: one row is alarming enough.
  CREATE FUNCTION count_default_partition_rows() RETURNS TABLE (table_name text, row_count bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
      SELECT 'generations', (SELECT count(*) FROM (SELECT 1 FROM public.generations_default LIMIT 10000) g)
      UNION ALL
      SELECT 'generation_contents',
        (SELECT count(*) FROM (SELECT 1 FROM public.generation_contents_default LIMIT 10000) c)
    $$;
  REVOKE ALL ON FUNCTION count_default_partition_rows() FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION count_default_partition_rows() TO aion_app;`;

const COPY_ROWS = `
  DO $$
  DECLARE misplaced bigint;
  BEGIN
    SELECT count(*) INTO misplaced FROM generations_unpartitioned WHERE uuid_v7_time(id) IS NULL;
    IF misplaced > 0 THEN
      RAISE EXCEPTION '% rows of generations have an id that is no UUID v7: give them one, their content too', misplaced;
    END IF;
    PERFORM create_month_partition(parent, month)
    FROM (SELECT DISTINCT date_trunc('month', uuid_v7_time(id) AT TIME ZONE 'UTC')::date AS month
          FROM generations_unpartitioned) m, unnest(ARRAY['generations', 'generation_contents']::name[]) parent;
    PERFORM prepare_partitions();
  END $$;

  INSERT INTO generations (id, tenant_id, api_key_id, status, provider, model, stream, estimated_prompt_tokens,
    prompt_tokens, completion_tokens, usage_source, cost_micro_usd, duration_ms, time_to_first_token_ms, error_type,
    trace_id, correlation_id, created_at, settled_at)
  SELECT id, tenant_id, api_key_id, status, provider, model, stream, estimated_prompt_tokens,
    prompt_tokens, completion_tokens, usage_source, cost_micro_usd, duration_ms, time_to_first_token_ms, error_type,
    trace_id, correlation_id, uuid_v7_time(id), settled_at
  FROM generations_unpartitioned;

  INSERT INTO generation_contents (generation_id, tenant_id, request, response, created_at)
  SELECT generation_id, tenant_id, request, response, uuid_v7_time(generation_id)
  FROM generation_contents_unpartitioned;

  DROP TABLE generation_contents_unpartitioned, generations_unpartitioned;`;
