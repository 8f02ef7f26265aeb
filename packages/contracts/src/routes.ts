import { chatCompletionRoutes, modelRoutes } from './public/chat-completions.ts';
import { operatorRoutes } from './public/operators.ts';
import { tenantRoutes } from './public/tenants.ts';
import { projectRoutes } from './public/projects.ts';
import { userRoutes } from './public/users.ts';
import { membershipRoutes } from './public/memberships.ts';
import { apiKeyRoutes } from './public/api-keys.ts';
import { fileRoutes } from './public/files.ts';
import { retentionPolicyRoutes } from './public/retention-policies.ts';
import { legalHoldRoutes } from './public/legal-holds.ts';
import { providerRoutes } from './public/providers.ts';
import { budgetRoutes } from './public/budgets.ts';
import { usageRoutes } from './public/usage.ts';
import { generationRoutes } from './public/generations.ts';
import { sealingKeyRoutes } from './public/sealing-keys.ts';
import { outboxRowRoutes } from './public/outbox-rows.ts';
import { auditEventRoutes } from './public/audit-events.ts';
import { exportRoutes } from './public/exports.ts';
import { metaRoutes } from './public/meta.ts';
import type { Route } from './route.ts';

/** Routes of the public API by resource, in the order of the reference. */
export const routes = {
  chatCompletions: chatCompletionRoutes,
  models: modelRoutes,
  operators: operatorRoutes,
  tenants: tenantRoutes,
  projects: projectRoutes,
  users: userRoutes,
  memberships: membershipRoutes,
  apiKeys: apiKeyRoutes,
  files: fileRoutes,
  retentionPolicies: retentionPolicyRoutes,
  legalHolds: legalHoldRoutes,
  providers: providerRoutes,
  budgets: budgetRoutes,
  usage: usageRoutes,
  generations: generationRoutes,
  sealingKeys: sealingKeyRoutes,
  outboxRows: outboxRowRoutes,
  auditEvents: auditEventRoutes,
  exports: exportRoutes,
  meta: metaRoutes,
};

/** Every route of the public API, in the order of the reference. */
export const PUBLIC_ROUTES: readonly Route[] = Object.values(routes).flatMap((group) => Object.values<Route>(group));
