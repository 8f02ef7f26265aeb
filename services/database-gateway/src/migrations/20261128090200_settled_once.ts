import type { Knex } from 'knex';

/**
 * A generation is settled once. What it has used was added to its day with that: were it made pending again, or given
 * other numbers, the sums of the day would no longer be those of its generations.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE FUNCTION refuse_second_settlement() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
      AS $$
      BEGIN
        RAISE EXCEPTION 'the generation % is settled, and is settled once', OLD.id USING ERRCODE = 'check_violation';
      END $$;
    CREATE TRIGGER generations_settled_once
      BEFORE UPDATE OF status, usage_source, prompt_tokens, completion_tokens, cost_micro_usd ON generations
      FOR EACH ROW WHEN (OLD.status <> 'pending') EXECUTE FUNCTION refuse_second_settlement();
  `);
}
