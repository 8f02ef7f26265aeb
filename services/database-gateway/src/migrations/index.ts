import type { Knex } from 'knex';
import * as tenantsAndPeople from './20261130000000_tenants_and_people.ts';
import * as projectsAndKeys from './20261130000100_projects_and_keys.ts';
import * as generations from './20261130000200_generations.ts';
import * as usageAndBudgets from './20261130000300_usage_and_budgets.ts';
import * as providersAndFiles from './20261130000400_providers_and_files.ts';
import * as auditTrail from './20261130000500_audit_trail.ts';
import * as exports from './20261130000600_exports.ts';
import * as outboxAndIdempotency from './20261130000700_outbox_and_idempotency.ts';
import * as retentionAndErasure from './20261130000800_retention_and_erasure.ts';
import * as erasureProofs from './20261130000900_erasure_proofs.ts';

/** One step of the schema. Steps are not reversible: a mistake is fixed by a further step. */
export interface Migration {
  readonly name: string;
  up(knex: Knex): Promise<void>;
}

/** All migrations, oldest first: a baseline of one per area, then changes. Never edit one after it has been released. */
export const MIGRATIONS: readonly Migration[] = [
  { name: '20261130000000_tenants_and_people', ...tenantsAndPeople },
  { name: '20261130000100_projects_and_keys', ...projectsAndKeys },
  { name: '20261130000200_generations', ...generations },
  { name: '20261130000300_usage_and_budgets', ...usageAndBudgets },
  { name: '20261130000400_providers_and_files', ...providersAndFiles },
  { name: '20261130000500_audit_trail', ...auditTrail },
  { name: '20261130000600_exports', ...exports },
  { name: '20261130000700_outbox_and_idempotency', ...outboxAndIdempotency },
  { name: '20261130000800_retention_and_erasure', ...retentionAndErasure },
  { name: '20261130000900_erasure_proofs', ...erasureProofs },
];
