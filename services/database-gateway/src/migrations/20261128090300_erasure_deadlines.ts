import type { Knex } from 'knex';

/** An erasure that is scheduled says for when, and its deadline is extended once: what was said of it stands. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE erasure_requests ADD CONSTRAINT erasure_requests_scheduled_for_an_instant CHECK (
      state <> 'scheduled' OR scheduled_for IS NOT NULL);
    CREATE FUNCTION refuse_second_extension() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
      AS $$
      BEGIN
        RAISE EXCEPTION 'the deadline of the erasure % has been extended, which is done once', OLD.id
          USING ERRCODE = 'check_violation';
      END $$;
    CREATE TRIGGER erasure_requests_extended_once BEFORE UPDATE ON erasure_requests
      FOR EACH ROW WHEN (OLD.extended_until IS NOT NULL
        AND (NEW.extended_until, NEW.extension_ground) IS DISTINCT FROM (OLD.extended_until, OLD.extension_ground))
      EXECUTE FUNCTION refuse_second_extension();
  `);
}
