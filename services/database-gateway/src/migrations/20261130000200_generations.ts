import type { Knex } from 'knex';
import { isolateTenant } from './isolate-tenant.ts';

/**
 * Generations and their content, both partitioned by month.
 *
 * A generation is the accounting row of a request; its content is a row of its own, so that each has its own retention.
 * Content is `json`, not `jsonb`: it preserves the bytes as they were written, including large numbers and `\u0000`,
 * which jsonb alters or rejects. A CHECK keeps each value on one line, because exports contain one line per row.
 *
 * The key of a partitioned table must contain the partition column. `created_at` is therefore the time in the id (a UUID
 * v7), enforced by a CHECK: in effect the id alone is the key, a repeated INSERT conflicts with the first row, and a
 * lookup by id reads one partition.
 *
 * `prepare_partitions` creates partitions ahead; it takes no argument, and the application may call it. A new partition is
 * attached, which does not block queries of the table, whereas CREATE TABLE ... PARTITION OF would lock it. A partition
 * has the policies of its parent and no grants: it is accessed through the parent only. Rows without a partition go to the
 * default partition, which `count_default_partition_rows` monitors: it must stay empty, because a partition for its rows
 * cannot be attached.
 */
export async function up(knex: Knex): Promise<void> {
  // In PL/pgSQL, which is compiled once per session. PostgreSQL inlines an SQL function again for every statement that
  // writes a row with this CHECK, which makes opening and settling a generation an eighth slower.
  await knex.raw(`
    CREATE FUNCTION uuid_v7_time(id uuid) RETURNS timestamptz
      LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
      AS $$
      BEGIN
        IF substr(id::text, 15, 1) <> '7' THEN RETURN NULL; END IF;
        RETURN to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0::double precision);
      END $$;
  `);
  await knex.raw(GENERATIONS);
  await knex.raw(GENERATION_CONTENTS);
  await knex.raw(CREATE_PARTITION);
  await knex.raw(DEFAULT_PARTITIONS);
  // Creates the partition of each month independently: a month with rows in the default partition gets none until these
  // are moved, and must not prevent the partitions of other months. Acquires all locks before it creates a partition, in an
  // order that cannot deadlock: first the default partitions, which only queries of all months lock, then the tables in
  // the order in which a generation is written. While it waits for a long query it blocks no writer.
  await knex.raw(`
    CREATE FUNCTION prepare_partitions() RETURNS integer
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s'
      AS $$
      DECLARE
        this_month date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
        parents name[] := ARRAY['generations', 'generation_contents'];
        is_locked boolean := false;
        created integer := 0;
        wanted record;
      BEGIN
        -- From the month before, whose last generations may be opened in this one, to the second next.
        FOR wanted IN
          SELECT parent, (this_month + ahead * interval '1 month')::date AS month
          FROM unnest(parents) parent, generate_series(-1, 2) ahead
          WHERE to_regclass(format('public.%I',
            parent || to_char(this_month + ahead * interval '1 month', '_YYYY_MM'))) IS NULL
        LOOP
          -- Outside of the attempts: one that fails would give the locks back.
          IF NOT is_locked THEN
            PERFORM pg_advisory_xact_lock(hashtextextended('aion-partitions', 0));
            LOCK TABLE public.generations_default, public.generation_contents_default IN ACCESS EXCLUSIVE MODE;
            LOCK TABLE ONLY public.generations, ONLY public.generation_contents IN SHARE ROW EXCLUSIVE MODE;
            is_locked := true;
          END IF;
          BEGIN
            IF public.create_month_partition(wanted.parent, wanted.month) THEN created := created + 1; END IF;
          EXCEPTION WHEN check_violation THEN
            -- count_default_partition_rows tells the service, and the service those who watch it.
            RAISE WARNING '% has no partition of %: %', wanted.parent, wanted.month, SQLERRM;
          END;
        END LOOP;
        RETURN created;
      END $$;
    REVOKE ALL ON FUNCTION prepare_partitions() FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION prepare_partitions() TO aion_app;
    SELECT prepare_partitions();
  `);
  // A generation is settled once: its usage is added to the sums of its day at that moment, and these would be wrong if
  // its status or its numbers changed afterwards.
  await knex.raw(`
    CREATE FUNCTION refuse_second_settlement() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
      AS $$
      BEGIN
        RAISE EXCEPTION 'the generation % is settled, and is settled once', OLD.id USING ERRCODE = 'check_violation';
      END $$;
    CREATE TRIGGER generations_settled_once
      BEFORE UPDATE OF status, usage_source, prompt_tokens, completion_tokens, cost_micro_usd ON generations
      FOR EACH ROW WHEN (OLD.status <> 'pending') EXECUTE FUNCTION refuse_second_settlement();
  `);
}

// Names of constraints are part of the schema fingerprint in bundles, hence the explicit ones that end with 1.
//
// Pages in the order of time are read from `generations_by_time`: the primary key has that order as well, but a scan of it
// passes the newest rows of all other tenants before the first row of a tenant that was idle for a while.
const GENERATIONS = `
  CREATE TABLE generations (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL CONSTRAINT generations_tenant_id_fkey1 REFERENCES tenants (id),
    api_key_id uuid NOT NULL,
    project_id uuid,
    status text NOT NULL DEFAULT 'pending'
      CONSTRAINT generations_status_check1 CHECK (status IN ('pending', 'succeeded', 'failed', 'cancelled')),
    provider text NOT NULL CONSTRAINT generations_provider_check1 CHECK (length(provider) <= 64),
    model text NOT NULL CONSTRAINT generations_model_check1 CHECK (length(model) <= 256),
    stream boolean NOT NULL,
    estimated_prompt_tokens bigint NOT NULL
      CONSTRAINT generations_estimated_prompt_tokens_check1 CHECK (estimated_prompt_tokens >= 0),
    prompt_tokens bigint CONSTRAINT generations_prompt_tokens_check1 CHECK (prompt_tokens >= 0),
    completion_tokens bigint CONSTRAINT generations_completion_tokens_check1 CHECK (completion_tokens >= 0),
    usage_source text CONSTRAINT generations_usage_source_check1 CHECK (usage_source IN ('provider', 'estimated')),
    cost_micro_usd bigint CONSTRAINT generations_cost_micro_usd_check1 CHECK (cost_micro_usd >= 0),
    duration_ms bigint CONSTRAINT generations_duration_ms_check1 CHECK (duration_ms >= 0),
    time_to_first_token_ms bigint
      CONSTRAINT generations_time_to_first_token_ms_check1 CHECK (time_to_first_token_ms >= 0),
    error_type text CONSTRAINT generations_error_type_check1 CHECK (error_type ~ '^[a-z_]{1,64}$'),
    trace_id text CONSTRAINT generations_trace_id_check1 CHECK (trace_id ~ '^[0-9a-f]{32}$'),
    correlation_id text CONSTRAINT generations_correlation_id_check1 CHECK (length(correlation_id) <= 64),
    created_at timestamptz NOT NULL,
    settled_at timestamptz,
    PRIMARY KEY (id, created_at),
    UNIQUE (tenant_id, id, created_at),
    CONSTRAINT generations_tenant_id_api_key_id_fkey1
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
  CREATE INDEX generations_by_time ON generations (tenant_id, created_at, id);
  CREATE INDEX generations_by_key ON generations (tenant_id, api_key_id, created_at);
  CREATE INDEX generations_by_project ON generations (tenant_id, project_id, created_at, id)
    WHERE project_id IS NOT NULL;
  ${isolateTenant({
    table: 'generations',
    privileges: `SELECT, INSERT, UPDATE (status, error_type, prompt_tokens, completion_tokens, usage_source,
      cost_micro_usd, duration_ms, time_to_first_token_ms, settled_at)`,
  })}`;

const GENERATION_CONTENTS = `
  CREATE TABLE generation_contents (
    generation_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    request json NOT NULL CONSTRAINT generation_contents_request_check1 CHECK (request::text !~ '[\\n\\r]'),
    response json CONSTRAINT generation_contents_response_check1 CHECK (response::text !~ '[\\n\\r]'),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (generation_id, created_at),
    FOREIGN KEY (tenant_id, generation_id, created_at) REFERENCES generations (tenant_id, id, created_at),
    CONSTRAINT generation_contents_time_is_of_id CHECK ((created_at = uuid_v7_time(generation_id)) IS TRUE)
  ) PARTITION BY RANGE (created_at);
  CREATE INDEX generation_contents_by_tenant ON generation_contents (tenant_id, generation_id);
  ${isolateTenant({ table: 'generation_contents', privileges: 'SELECT, INSERT, UPDATE (response)' })}`;

const CREATE_PARTITION = `
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
  REVOKE ALL ON FUNCTION create_month_partition(name, date) FROM PUBLIC;`;

const DEFAULT_PARTITIONS = `
  SELECT create_partition('generations', 'default', 'DEFAULT'),
    create_partition('generation_contents', 'default', 'DEFAULT');
  CREATE POLICY partition_watch ON generations_default FOR SELECT TO aion_owner USING (true);
  CREATE POLICY partition_watch ON generation_contents_default FOR SELECT TO aion_owner USING (true);

  -- Stops counting at 10 000: one row is reason enough for an alarm.
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
