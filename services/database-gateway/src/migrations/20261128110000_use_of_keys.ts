import type { Knex } from 'knex';

/**
 * The days in UTC on which a key was accepted last, and on which a genuine one was refused last: the first time of each
 * day is an event of the audit trail.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE api_keys ADD COLUMN last_used_on date, ADD COLUMN last_refused_on date;
    GRANT UPDATE (last_used_on, last_refused_on) ON api_keys TO aion_app;
    ALTER TABLE platform_operators ADD COLUMN last_used_on date, ADD COLUMN last_refused_on date;
    GRANT UPDATE (last_used_on, last_refused_on) ON platform_operators TO aion_app;
  `);
}
