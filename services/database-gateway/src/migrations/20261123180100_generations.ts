import type { Knex } from 'knex';

/**
 * The accounting row of a generation, and its content apart from it, so that each can be kept for its own time.
 *
 * Content is `json`, not `jsonb`: it keeps the bytes as they were written, large numbers and `\u0000` included, which
 * jsonb alters or refuses. The CHECK keeps one row on one line, because exports are one line a row.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE generations (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      api_key_id uuid NOT NULL,
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
      created_at timestamptz NOT NULL DEFAULT now(),
      settled_at timestamptz,
      UNIQUE (tenant_id, id),
      FOREIGN KEY (tenant_id, api_key_id) REFERENCES api_keys (tenant_id, id),
      CONSTRAINT generations_pending_is_unsettled CHECK (
        CASE WHEN status = 'pending'
          THEN num_nonnulls(prompt_tokens, completion_tokens, usage_source, cost_micro_usd, duration_ms,
                            time_to_first_token_ms, error_type, settled_at) = 0
          ELSE num_nulls(prompt_tokens, completion_tokens, usage_source, cost_micro_usd, duration_ms, settled_at) = 0
        END),
      CONSTRAINT generations_success_has_no_error CHECK (status <> 'succeeded' OR error_type IS NULL),
      CONSTRAINT generations_failure_has_error CHECK (status <> 'failed' OR error_type IS NOT NULL)
    );
    ALTER TABLE generations ENABLE ROW LEVEL SECURITY;
    ALTER TABLE generations FORCE ROW LEVEL SECURITY;
    CREATE POLICY generations_access ON generations TO aion_app USING (true) WITH CHECK (true);
    CREATE POLICY generations_isolation ON generations AS RESTRICTIVE TO aion_app
      USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
    GRANT SELECT, INSERT, UPDATE ON generations TO aion_app;

    CREATE TABLE generation_contents (
      generation_id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL,
      request json NOT NULL CHECK (request::text !~ '[\\n\\r]'),
      response json CHECK (response::text !~ '[\\n\\r]'),
      created_at timestamptz NOT NULL DEFAULT now(),
      FOREIGN KEY (tenant_id, generation_id) REFERENCES generations (tenant_id, id)
    );
    CREATE INDEX generation_contents_by_tenant ON generation_contents (tenant_id, generation_id);
    ALTER TABLE generation_contents ENABLE ROW LEVEL SECURITY;
    ALTER TABLE generation_contents FORCE ROW LEVEL SECURITY;
    CREATE POLICY generation_contents_access ON generation_contents TO aion_app USING (true) WITH CHECK (true);
    CREATE POLICY generation_contents_isolation ON generation_contents AS RESTRICTIVE TO aion_app
      USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
    GRANT SELECT, INSERT, UPDATE ON generation_contents TO aion_app;
  `);
}
