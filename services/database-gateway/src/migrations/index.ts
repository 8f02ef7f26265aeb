import type { Knex } from 'knex';
import * as tenants from './20261123180000_tenants.ts';
import * as generations from './20261123180100_generations.ts';
import * as auditEvents from './20261123180200_audit_events.ts';
import * as exports from './20261123180300_exports.ts';
import * as outbox from './20261123180400_outbox.ts';

/** One step of the schema. There is no way back: a mistake is mended by the next step. */
export interface Migration {
  readonly name: string;
  up(knex: Knex): Promise<void>;
}

/** Every migration in the order of its time. A migration that has been released is never edited. */
export const MIGRATIONS: readonly Migration[] = [
  { name: '20261123180000_tenants', ...tenants },
  { name: '20261123180100_generations', ...generations },
  { name: '20261123180200_audit_events', ...auditEvents },
  { name: '20261123180300_exports', ...exports },
  { name: '20261123180400_outbox', ...outbox },
];
