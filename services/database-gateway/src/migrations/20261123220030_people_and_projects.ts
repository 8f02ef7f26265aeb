import type { Knex } from 'knex';
import { isolateTenant } from './isolate-tenant.ts';

/**
 * Who works for a tenant, and on what.
 *
 * A person may be in several tenants: `users` belongs to those that have a membership of theirs. A membership is written
 * before its user, in one transaction (its foreign key is deferred), so that nobody can add a user outside of a tenant.
 * By what a person signs in, no tenant may change: it would reach the others that the person is in.
 * `version` is what an `If-Match` is compared with.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE tenants
      ADD COLUMN state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'read_only', 'erasing', 'closed')),
      ADD COLUMN store_content boolean NOT NULL DEFAULT true,
      ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
      ADD COLUMN version bigint NOT NULL DEFAULT 1 CHECK (version >= 1);
    GRANT UPDATE (name, state, store_content, updated_at, version) ON tenants TO aion_app;

    CREATE TABLE users (
      id uuid PRIMARY KEY,
      issuer text CHECK (length(issuer) BETWEEN 1 AND 500),
      subject text CHECK (length(subject) BETWEEN 1 AND 255),
      email text NOT NULL CHECK (length(email) BETWEEN 3 AND 320),
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
      CONSTRAINT users_sign_in_unique UNIQUE (issuer, subject),
      CONSTRAINT users_sign_in_is_whole CHECK (num_nonnulls(issuer, subject) IN (0, 2))
    );
    CREATE TABLE memberships (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      user_id uuid NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
      role text NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'auditor')),
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
      UNIQUE (tenant_id, user_id)
    );
    CREATE INDEX memberships_by_user ON memberships (user_id);
    CREATE INDEX memberships_by_tenant ON memberships (tenant_id, id);
    ${isolateTenant({ table: 'memberships', privileges: 'SELECT, INSERT, UPDATE (role, updated_at, version), DELETE' })}
    ${isolateTenant({
      table: 'users',
      rows: 'member',
      privileges: 'SELECT, INSERT, UPDATE (name, updated_at, version)',
    })}

    CREATE TABLE platform_operators (
      id uuid PRIMARY KEY,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      prefix text NOT NULL UNIQUE CHECK (prefix ~ '^[a-z0-9]{12}$'),
      key_hash text NOT NULL CHECK (key_hash ~ '^[0-9a-f]{64}$'),
      created_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz,
      revoked_at timestamptz
    );
    GRANT SELECT, INSERT, UPDATE (revoked_at) ON platform_operators TO aion_app;

    CREATE TABLE projects (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      archived_at timestamptz,
      version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
      UNIQUE (tenant_id, id)
    );
    CREATE UNIQUE INDEX projects_name_unique ON projects (tenant_id, name) WHERE archived_at IS NULL;
    ${isolateTenant({
      table: 'projects',
      privileges: 'SELECT, INSERT, UPDATE (name, archived_at, updated_at, version)',
    })}

    ALTER TABLE api_keys
      ADD COLUMN project_id uuid,
      ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
      ADD COLUMN version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
      ADD FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id);
    CREATE INDEX api_keys_by_project ON api_keys (tenant_id, project_id) WHERE project_id IS NOT NULL;
    GRANT UPDATE (name, expires_at, revoked_at, updated_at, version) ON api_keys TO aion_app;
  `);
}
