import type { Knex } from 'knex';
import { isolateTenant } from './isolate-tenant.ts';

/**
 * What a tenant has used and may use, what it has stored, and how providers are reached for it.
 *
 * A budget holds from a month on, until the next one of the same tenant, project or key: two can never overlap, and no
 * extension is needed to say so. A null limit means none from then on. Credentials are sealed before they come here, under
 * the key that `key_id` names.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
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
    ${isolateTenant({
      table: 'usage_daily',
      privileges: `SELECT, INSERT, UPDATE (succeeded, failed, cancelled, estimated, prompt_tokens, completion_tokens,
        cost_micro_usd, updated_at)`,
    })}

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
    ${isolateTenant({ table: 'budgets', privileges: 'SELECT, INSERT, UPDATE (limit_micro_usd, updated_at, version), DELETE' })}

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
    ${isolateTenant({ table: 'files', privileges: 'SELECT, INSERT, DELETE' })}

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
  `);
}
