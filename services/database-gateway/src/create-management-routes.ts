import type { BoundRoute } from '@aion/http';
import { createAuditRoutes } from './audit/audit-routes.ts';
import { createBudgetRoutes } from './budgets/budget-routes.ts';
import type { Database } from './database/database.ts';
import { createExportRoutes } from './exports/export-routes.ts';
import { createFileRoutes } from './files/file-routes.ts';
import { createGenerationRoutes } from './generations/generation-routes.ts';
import { createHoldRoutes } from './holds/hold-routes.ts';
import { createKeyRoutes } from './keys/key-routes.ts';
import { createRouteBinder } from './management/route-binder.ts';
import { createOperatorRoutes } from './operators/operator-routes.ts';
import { createOutboxRoutes } from './outbox/outbox-routes.ts';
import { createMembershipRoutes } from './people/membership-routes.ts';
import { createUserRoutes } from './people/user-routes.ts';
import { createProjectRoutes } from './projects/project-routes.ts';
import { createProviderRoutes } from './providers/provider-routes.ts';
import { createRotationRoutes } from './providers/rotation-routes.ts';
import { createRetentionRoutes, type RetentionSettings } from './retention/retention-routes.ts';
import { createTenantRoutes } from './tenants/tenant-routes.ts';
import { createUsageRoutes } from './usage/usage-routes.ts';

/** Limits that the operator sets for what tenants may configure. */
export interface ManagementSettings {
  readonly retention: RetentionSettings;
}

/** Creates the routes of the management API. */
export function createManagementRoutes(database: Database, settings: ManagementSettings): readonly BoundRoute[] {
  const binder = createRouteBinder(database);
  return [
    ...createOperatorRoutes(binder),
    ...createTenantRoutes(binder),
    ...createProjectRoutes(binder),
    ...createUserRoutes(binder),
    ...createMembershipRoutes(binder),
    ...createKeyRoutes(binder),
    ...createProviderRoutes(binder),
    ...createBudgetRoutes(binder),
    ...createUsageRoutes(binder),
    ...createGenerationRoutes(binder),
    ...createRotationRoutes(binder),
    ...createOutboxRoutes(binder),
    ...createAuditRoutes(binder),
    ...createRetentionRoutes(binder, settings.retention),
    ...createHoldRoutes(binder),
    ...createFileRoutes(binder),
    ...createExportRoutes(binder),
  ];
}
