import type { Knex } from 'knex';

/**
 * Makes the partition of each month by itself. A month whose rows are in the default partition can have none until they are
 * moved; the other months must have theirs meanwhile, or their rows would go there, too.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE OR REPLACE FUNCTION prepare_partitions() RETURNS integer
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
  `);
}
