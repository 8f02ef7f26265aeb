import type { Knex } from 'knex';
import * as tenants from './20261123180000_tenants.ts';
import * as generations from './20261123180100_generations.ts';
import * as auditEvents from './20261123180200_audit_events.ts';
import * as exports from './20261123180300_exports.ts';
import * as outbox from './20261123180400_outbox.ts';
import * as peopleAndProjects from './20261123220030_people_and_projects.ts';
import * as partitionedGenerations from './20261123220100_partitioned_generations.ts';
import * as accounting from './20261123220200_accounting.ts';
import * as auditChain from './20261123220300_audit_chain.ts';
import * as lifecycle from './20261123220400_lifecycle.ts';
import * as proofs from './20261123220500_proofs.ts';
import * as idempotencyKeys from './20261123220600_idempotency_keys.ts';
import * as chainedAuditEvents from './20261123223000_chained_audit_events.ts';
import * as quickerUuidV7Time from './20261123225300_quicker_uuid_v7_time.ts';
import * as partitionsWithoutDeadlock from './20261123225800_partitions_without_deadlock.ts';
import * as holdersOfKeys from './20261124000000_holders_of_keys.ts';
import * as usageDeltas from './20261124001000_usage_deltas.ts';
import * as parkedOutboxRows from './20261124002000_parked_outbox_rows.ts';
import * as peopleWithoutMembership from './20261124003000_people_without_membership.ts';
import * as budgetsByTenant from './20261124003100_budgets_by_tenant.ts';
import * as strayObjects from './20261124004000_stray_objects.ts';
import * as sealedRows from './20261124005000_sealed_rows.ts';
import * as generationsByTime from './20261124006000_generations_by_time.ts';
import * as approvalsOfTheirTenant from './20261128090000_approvals_of_their_tenant.ts';
import * as exportColumns from './20261128090100_export_columns.ts';
import * as settledOnce from './20261128090200_settled_once.ts';
import * as erasureDeadlines from './20261128090300_erasure_deadlines.ts';
import * as monthsApart from './20261128090400_months_apart.ts';
import * as tenantBeforeAuditHead from './20261128090500_tenant_before_audit_head.ts';
import * as countMemberships from './20261128100000_count_memberships.ts';
import * as listTenantsInOrder from './20261128101000_list_tenants_in_order.ts';
import * as filesByName from './20261128102000_files_by_name.ts';
import * as useOfKeys from './20261128110000_use_of_keys.ts';
import * as platformSwitches from './20261128110100_platform_switches.ts';
import * as pagesByIndex from './20261128130000_pages_by_index.ts';
import * as parkedRowsEitherWay from './20261128140000_parked_rows_either_way.ts';

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
  { name: '20261123220030_people_and_projects', ...peopleAndProjects },
  { name: '20261123220100_partitioned_generations', ...partitionedGenerations },
  { name: '20261123220200_accounting', ...accounting },
  { name: '20261123220300_audit_chain', ...auditChain },
  { name: '20261123220400_lifecycle', ...lifecycle },
  { name: '20261123220500_proofs', ...proofs },
  { name: '20261123220600_idempotency_keys', ...idempotencyKeys },
  { name: '20261123223000_chained_audit_events', ...chainedAuditEvents },
  { name: '20261123225300_quicker_uuid_v7_time', ...quickerUuidV7Time },
  { name: '20261123225800_partitions_without_deadlock', ...partitionsWithoutDeadlock },
  { name: '20261124000000_holders_of_keys', ...holdersOfKeys },
  { name: '20261124001000_usage_deltas', ...usageDeltas },
  { name: '20261124002000_parked_outbox_rows', ...parkedOutboxRows },
  { name: '20261124003000_people_without_membership', ...peopleWithoutMembership },
  { name: '20261124003100_budgets_by_tenant', ...budgetsByTenant },
  { name: '20261124004000_stray_objects', ...strayObjects },
  { name: '20261124005000_sealed_rows', ...sealedRows },
  { name: '20261124006000_generations_by_time', ...generationsByTime },
  { name: '20261128090000_approvals_of_their_tenant', ...approvalsOfTheirTenant },
  { name: '20261128090100_export_columns', ...exportColumns },
  { name: '20261128090200_settled_once', ...settledOnce },
  { name: '20261128090300_erasure_deadlines', ...erasureDeadlines },
  { name: '20261128090400_months_apart', ...monthsApart },
  { name: '20261128090500_tenant_before_audit_head', ...tenantBeforeAuditHead },
  { name: '20261128100000_count_memberships', ...countMemberships },
  { name: '20261128101000_list_tenants_in_order', ...listTenantsInOrder },
  { name: '20261128102000_files_by_name', ...filesByName },
  { name: '20261128110000_use_of_keys', ...useOfKeys },
  { name: '20261128110100_platform_switches', ...platformSwitches },
  { name: '20261128130000_pages_by_index', ...pagesByIndex },
  { name: '20261128140000_parked_rows_either_way', ...parkedRowsEitherWay },
];
