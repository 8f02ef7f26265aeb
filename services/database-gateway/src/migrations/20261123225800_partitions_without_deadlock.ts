import type { Knex } from 'knex';

/**
 * Takes all locks for new partitions before it makes any, in an order in which nobody can wait for it in a circle: first
 * those of the default partitions, which only readers of all months hold, then those of the tables, in the order in which
 * a generation is written. While it waits for a long reader it holds up no writer.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE OR REPLACE FUNCTION prepare_partitions() RETURNS integer
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s'
      AS $$
      DECLARE
        this_month date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
        parents name[] := ARRAY['generations', 'generation_contents'];
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
          IF created = 0 THEN
            PERFORM pg_advisory_xact_lock(hashtextextended('aion-partitions', 0));
            LOCK TABLE public.generations_default, public.generation_contents_default IN ACCESS EXCLUSIVE MODE;
            LOCK TABLE ONLY public.generations, ONLY public.generation_contents IN SHARE ROW EXCLUSIVE MODE;
          END IF;
          IF public.create_month_partition(wanted.parent, wanted.month) THEN created := created + 1; END IF;
        END LOOP;
        RETURN created;
      END $$;
  `);
}
