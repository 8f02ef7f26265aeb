import type { Knex } from 'knex';

/** What was switched on in each service when it last started: a change is an event of the platform's audit chain. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE platform_switches (
      service text NOT NULL CHECK (length(service) BETWEEN 1 AND 64),
      feature text NOT NULL CHECK (length(feature) BETWEEN 1 AND 64),
      is_on boolean NOT NULL,
      changed_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (service, feature)
    );
    GRANT SELECT, INSERT, UPDATE (is_on, changed_at) ON platform_switches TO aion_app;
  `);
}
