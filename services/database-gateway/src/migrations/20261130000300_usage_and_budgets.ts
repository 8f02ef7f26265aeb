import type { Knex } from 'knex';
import { isolateTenant } from './isolate-tenant.ts';

/**
 * Usage of a tenant per day, and its budgets.
 *
 * A trigger writes the usage of settled generations to `usage_deltas` in the statement that settles them, so no writer and
 * no order of commits can leave one out. `fold_usage` moves deltas into `usage_daily` in one statement, so that each is
 * counted exactly once, in one of the two tables. Usage is the sum of both tables; old generations are never read again.
 * A day is a day in UTC, of the time in the id of the generation.
 *
 * A budget applies from a month on until the next budget of the same tenant, project or key: budgets cannot overlap, and
 * no exclusion constraint is needed. A null limit means unlimited.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(USAGE);
  await knex.raw(BUDGETS);
  await knex.raw(RECORD_USAGE);
  await knex.raw(FOLD_USAGE);
  await knex.raw(RECONCILE_USAGE);
}

const KEY = 'tenant_id, day, api_key_id, project_id, provider, model';
const SUMS = 'succeeded, failed, cancelled, estimated, prompt_tokens, completion_tokens, cost_micro_usd';

/** Returns a query of what settled generations add to the usage of their days. */
const sumsOf = (generations: string) => `
  SELECT g.tenant_id, (g.created_at AT TIME ZONE 'UTC')::date AS day, g.api_key_id, g.project_id, g.provider, g.model,
    count(*) FILTER (WHERE g.status = 'succeeded') AS succeeded, count(*) FILTER (WHERE g.status = 'failed') AS failed,
    count(*) FILTER (WHERE g.status = 'cancelled') AS cancelled,
    count(*) FILTER (WHERE g.usage_source = 'estimated') AS estimated, sum(g.prompt_tokens)::bigint AS prompt_tokens,
    sum(g.completion_tokens)::bigint AS completion_tokens, sum(g.cost_micro_usd)::bigint AS cost_micro_usd
  FROM ${generations} GROUP BY 1, 2, 3, 4, 5, 6`;

const USAGE = `
  CREATE TABLE usage_daily (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    day date NOT NULL,
    api_key_id uuid NOT NULL,
    project_id uuid,
    provider text NOT NULL CHECK (length(provider) <= 64),
    model text NOT NULL CHECK (length(model) <= 256),
    succeeded bigint NOT NULL DEFAULT 0 CHECK (succeeded >= 0),
    failed bigint NOT NULL DEFAULT 0 CHECK (failed >= 0),
    cancelled bigint NOT NULL DEFAULT 0 CHECK (cancelled >= 0),
    estimated bigint NOT NULL DEFAULT 0 CHECK (estimated BETWEEN 0 AND succeeded + failed + cancelled),
    prompt_tokens bigint NOT NULL DEFAULT 0 CHECK (prompt_tokens >= 0),
    completion_tokens bigint NOT NULL DEFAULT 0 CHECK (completion_tokens >= 0),
    cost_micro_usd bigint NOT NULL DEFAULT 0 CHECK (cost_micro_usd >= 0),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT usage_daily_unique
      UNIQUE NULLS NOT DISTINCT (tenant_id, day, api_key_id, project_id, provider, model),
    FOREIGN KEY (tenant_id, api_key_id) REFERENCES api_keys (tenant_id, id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id)
  );
  CREATE INDEX usage_daily_by_day ON usage_daily (day);
  ${isolateTenant({ table: 'usage_daily', privileges: 'SELECT' })}
  CREATE POLICY usage_daily_keeping ON usage_daily TO aion_owner USING (true) WITH CHECK (true);

  CREATE TABLE usage_deltas (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    day date NOT NULL,
    api_key_id uuid NOT NULL,
    project_id uuid,
    provider text NOT NULL,
    model text NOT NULL,
    succeeded bigint NOT NULL CHECK (succeeded >= 0),
    failed bigint NOT NULL CHECK (failed >= 0),
    cancelled bigint NOT NULL CHECK (cancelled >= 0),
    estimated bigint NOT NULL CHECK (estimated BETWEEN 0 AND succeeded + failed + cancelled),
    prompt_tokens bigint NOT NULL CHECK (prompt_tokens >= 0),
    completion_tokens bigint NOT NULL CHECK (completion_tokens >= 0),
    cost_micro_usd bigint NOT NULL CHECK (cost_micro_usd >= 0),
    FOREIGN KEY (tenant_id, api_key_id) REFERENCES api_keys (tenant_id, id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id)
  );
  CREATE INDEX usage_deltas_by_tenant ON usage_deltas (tenant_id, day);
  ${isolateTenant({ table: 'usage_deltas', privileges: 'SELECT' })}
  CREATE POLICY usage_deltas_keeping ON usage_deltas TO aion_owner USING (true) WITH CHECK (true);`;

const BUDGETS = `
  CREATE TABLE budgets (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    project_id uuid,
    api_key_id uuid,
    effective_from date NOT NULL CHECK (extract(day FROM effective_from) = 1),
    limit_micro_usd bigint CHECK (limit_micro_usd >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
    CONSTRAINT budgets_one_a_month UNIQUE NULLS NOT DISTINCT (tenant_id, project_id, api_key_id, effective_from),
    CONSTRAINT budgets_have_one_subject CHECK (num_nonnulls(project_id, api_key_id) <= 1),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id),
    FOREIGN KEY (tenant_id, api_key_id) REFERENCES api_keys (tenant_id, id)
  );
  CREATE INDEX budgets_by_tenant ON budgets (tenant_id, id);
  ${isolateTenant({
    table: 'budgets',
    privileges: 'SELECT, INSERT, UPDATE (limit_micro_usd, updated_at, version), DELETE',
  })}`;

const RECORD_USAGE = `
  -- RFC 9562, derived from the version 4 UUID of PostgreSQL: the time in the first 48 bits, and version 7.
  CREATE FUNCTION new_uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$
      SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
        FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
    $$;

  CREATE FUNCTION record_usage() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    BEGIN
      IF TG_OP = 'INSERT' THEN
        INSERT INTO public.usage_deltas (id, ${KEY}, ${SUMS})
        SELECT public.new_uuid_v7(), s.* FROM (${sumsOf(`written g WHERE g.status <> 'pending'`)}) s;
      ELSE
        INSERT INTO public.usage_deltas (id, ${KEY}, ${SUMS})
        SELECT public.new_uuid_v7(), s.* FROM (${sumsOf(`written g JOIN replaced r
          ON r.id = g.id AND r.created_at = g.created_at WHERE g.status <> 'pending' AND r.status = 'pending'`)}) s;
      END IF;
      RETURN NULL;
    END $$;
  REVOKE ALL ON FUNCTION record_usage() FROM PUBLIC;
  CREATE TRIGGER generations_usage_of_inserted AFTER INSERT ON generations
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION record_usage();
  CREATE TRIGGER generations_usage_of_settled AFTER UPDATE ON generations
    REFERENCING OLD TABLE AS replaced NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION record_usage();`;

const FOLD_USAGE = `
  -- Moves up to max_rows deltas, oldest first, and returns their number; one process at a time does so.
  CREATE FUNCTION fold_usage(max_rows integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE folded bigint;
    BEGIN
      IF NOT pg_try_advisory_xact_lock(hashtextextended('aion-usage', 0)) THEN RETURN 0; END IF;
      WITH taken AS (
        DELETE FROM public.usage_deltas
        WHERE id = ANY (ARRAY(SELECT d.id FROM public.usage_deltas d ORDER BY d.id LIMIT max_rows))
        RETURNING *),
      kept AS (
        INSERT INTO public.usage_daily AS u (id, ${KEY}, ${SUMS})
        SELECT public.new_uuid_v7(), s.* FROM (
          SELECT ${KEY}, sum(succeeded), sum(failed), sum(cancelled), sum(estimated), sum(prompt_tokens),
            sum(completion_tokens), sum(cost_micro_usd)
          FROM taken GROUP BY ${KEY}) s
        ON CONFLICT ON CONSTRAINT usage_daily_unique DO UPDATE SET succeeded = u.succeeded + excluded.succeeded,
          failed = u.failed + excluded.failed, cancelled = u.cancelled + excluded.cancelled,
          estimated = u.estimated + excluded.estimated, prompt_tokens = u.prompt_tokens + excluded.prompt_tokens,
          completion_tokens = u.completion_tokens + excluded.completion_tokens,
          cost_micro_usd = u.cost_micro_usd + excluded.cost_micro_usd, updated_at = now())
      SELECT count(*) INTO folded FROM taken;
      RETURN folded;
    END $$;
  CREATE FUNCTION usage_rollup_lag() RETURNS double precision
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
      SELECT coalesce((SELECT greatest(extract(epoch FROM now() - public.uuid_v7_time(d.id)), 0)
        FROM public.usage_deltas d ORDER BY d.id LIMIT 1), 0)
    $$;
  REVOKE ALL ON FUNCTION fold_usage(integer), usage_rollup_lag() FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION fold_usage(integer), usage_rollup_lag() TO aion_app;`;

const RECONCILE_USAGE = `
  CREATE POLICY generations_reconciliation ON generations FOR SELECT TO aion_owner USING (true);

  -- Compares usage with the generations in one snapshot. Differences are summed by absolute value per tenant, so that a
  -- surplus of one tenant cannot hide a deficit of another.
  CREATE FUNCTION reconcile_usage(first_day date, last_day date) RETURNS TABLE (
      day date, generations bigint, generations_difference bigint, tokens_difference bigint,
      cost_micro_usd_difference bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
      WITH bounds AS (
        SELECT first_day::timestamp AT TIME ZONE 'UTC' AS since, (last_day + 1)::timestamp AT TIME ZONE 'UTC' AS until),
      parts AS (
        SELECT g.tenant_id, (g.created_at AT TIME ZONE 'UTC')::date AS day, count(*) AS raw, count(*) AS n,
          sum(g.prompt_tokens + g.completion_tokens) AS tokens, sum(g.cost_micro_usd) AS cost
        FROM public.generations g, bounds b
        WHERE g.created_at >= b.since AND g.created_at < b.until AND g.status <> 'pending'
          AND g.id >= rpad(lpad(to_hex((extract(epoch FROM b.since) * 1000)::bigint), 12, '0'), 32, '0')::uuid
          AND g.id < rpad(lpad(to_hex((extract(epoch FROM b.until) * 1000)::bigint), 12, '0'), 32, '0')::uuid
        GROUP BY 1, 2
        UNION ALL
        SELECT u.tenant_id, u.day, 0, -(u.succeeded + u.failed + u.cancelled), -(u.prompt_tokens + u.completion_tokens),
          -u.cost_micro_usd
        FROM public.usage_daily u WHERE u.day BETWEEN first_day AND last_day
        UNION ALL
        SELECT d.tenant_id, d.day, 0, -(d.succeeded + d.failed + d.cancelled), -(d.prompt_tokens + d.completion_tokens),
          -d.cost_micro_usd
        FROM public.usage_deltas d WHERE d.day BETWEEN first_day AND last_day),
      tenants AS (
        SELECT p.day, sum(p.raw) AS raw, sum(p.n) AS n, sum(p.tokens) AS tokens, sum(p.cost) AS cost
        FROM parts p GROUP BY p.tenant_id, p.day)
      SELECT t.day, sum(t.raw)::bigint, sum(abs(t.n))::bigint, sum(abs(t.tokens))::bigint, sum(abs(t.cost))::bigint
      FROM tenants t GROUP BY t.day ORDER BY t.day
    $$;
  REVOKE ALL ON FUNCTION reconcile_usage(date, date) FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION reconcile_usage(date, date) TO aion_app;`;
