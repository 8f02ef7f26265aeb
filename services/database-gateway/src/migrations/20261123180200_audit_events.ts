import type { Knex } from 'knex';

/** The audit trail. The application may add to it and read it, and nothing else. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE audit_events (
      id uuid PRIMARY KEY,
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      actor text NOT NULL CHECK (length(actor) BETWEEN 1 AND 200),
      action text NOT NULL CHECK (action ~ '^[a-z_]+\\.[a-z_]+$'),
      target_type text NOT NULL CHECK (target_type IN ('tenant', 'api_key', 'export')),
      target_id uuid NOT NULL,
      target_path text CHECK (length(target_path) <= 200),
      outcome text NOT NULL CHECK (outcome IN ('success', 'failure')),
      request_id text CHECK (length(request_id) <= 64),
      correlation_id text CHECK (length(correlation_id) <= 64),
      trace_id text CHECK (trace_id ~ '^[0-9a-f]{32}$'),
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX audit_events_by_tenant ON audit_events (tenant_id, id);
    ALTER TABLE audit_events ENABLE ROW LEVEL SECURITY;
    ALTER TABLE audit_events FORCE ROW LEVEL SECURITY;
    CREATE POLICY audit_events_access ON audit_events TO aion_app USING (true) WITH CHECK (true);
    CREATE POLICY audit_events_isolation ON audit_events AS RESTRICTIVE TO aion_app
      USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
    GRANT SELECT, INSERT ON audit_events TO aion_app;
  `);
}
