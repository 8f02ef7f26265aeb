import type { BoundRoute } from '@aion/http';
import { createAuditRoutes } from '../audit/audit-routes.ts';
import type { Database } from '../database/database.ts';
import { createExportRoutes } from '../exports/export-routes.ts';
import { createFileRoutes } from '../files/file-routes.ts';
import { createGenerationRoutes } from '../generations/generation-routes.ts';
import { createHoldRoutes } from '../holds/hold-routes.ts';
import { createKeyRoutes } from '../keys/key-routes.ts';
import { createOperatorRoutes } from '../operators/operator-routes.ts';
import { createOutboxRoutes } from '../outbox/outbox-routes.ts';
import { createRetentionRoutes, type RetentionSettings } from '../retention/retention-routes.ts';
import { createProviderRoutes } from '../providers/provider-routes.ts';
import { createRotationRoutes } from '../providers/rotation-routes.ts';
import { createTenantRoutes } from '../tenants/tenant-routes.ts';
import { createProjectRoutes } from '../projects/project-routes.ts';
import { createUserRoutes } from '../people/user-routes.ts';
import { createMembershipRoutes } from '../people/membership-routes.ts';
import { createBudgetRoutes } from '../budgets/budget-routes.ts';
import { createUsageRoutes } from '../usage/usage-routes.ts';
import { createStoredRoutes } from './bind-stored.ts';

/** What the operator has decided on what tenants may set. */
export interface ManagementSettings {
  readonly retention: RetentionSettings;
}

/** Binds the routes of the management API, resource by resource. */
export function createManagementRoutes(database: Database, settings: ManagementSettings): readonly BoundRoute[] {
  const stored = createStoredRoutes(database);
  return [
    ...createOperatorRoutes(stored),
    ...createTenantRoutes(stored),
    ...createProjectRoutes(stored),
    ...createUserRoutes(stored),
    ...createMembershipRoutes(stored),
    ...createKeyRoutes(stored),
    ...createProviderRoutes(stored),
    ...createBudgetRoutes(stored),
    ...createUsageRoutes(stored),
    ...createGenerationRoutes(stored),
    ...createRotationRoutes(stored),
    ...createOutboxRoutes(stored),
    ...createAuditRoutes(stored),
    ...createRetentionRoutes(stored, settings.retention),
    ...createHoldRoutes(stored),
    ...createFileRoutes(stored),
    ...createExportRoutes(stored),
  ];
}
