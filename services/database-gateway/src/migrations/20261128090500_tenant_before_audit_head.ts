import type { Knex } from 'knex';

/**
 * Whoever records an event locks the row of the tenant before the end of its chain.
 *
 * The foreign key of the event locks the tenant, too, but when the event stands in the chain already. Who freezes a tenant
 * locks the tenant first, against all that is being written, and records that afterwards: in the other order the two waited
 * for each other. The trigger fires before that which chains the event: PostgreSQL goes by their names.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE FUNCTION lock_tenant_of_event() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
      AS $$
      BEGIN
        PERFORM FROM public.tenants WHERE id = NEW.tenant_id FOR KEY SHARE;
        RETURN NEW;
      END $$;
    CREATE TRIGGER audit_events_a_tenant_first BEFORE INSERT ON audit_events
      FOR EACH ROW EXECUTE FUNCTION lock_tenant_of_event();
  `);
}
