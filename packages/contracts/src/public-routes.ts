import * as apiKeys from './public/api-keys.ts';
import * as audit from './public/audit-events.ts';
import * as budgets from './public/budgets.ts';
import * as chat from './public/chat-completions.ts';
import * as exports from './public/exports.ts';
import * as memberships from './public/memberships.ts';
import * as meta from './public/meta.ts';
import * as operators from './public/operators.ts';
import * as outboxRows from './public/outbox-rows.ts';
import * as projects from './public/projects.ts';
import * as files from './public/files.ts';
import * as generations from './public/generations.ts';
import * as legalHolds from './public/legal-holds.ts';
import * as retentionPolicies from './public/retention-policies.ts';
import * as providers from './public/providers.ts';
import * as sealingKeys from './public/sealing-keys.ts';
import * as tenants from './public/tenants.ts';
import * as usage from './public/usage.ts';
import * as users from './public/users.ts';
import type { Route } from './route.ts';

/** Every route of the public API, in the order of the reference. */
export const PUBLIC_ROUTES: readonly Route[] = [
  chat.createChatCompletion,
  chat.listModels,
  operators.initPlatform,
  operators.listOperators,
  operators.createOperator,
  operators.revokeOperator,
  tenants.listTenants,
  tenants.createTenant,
  tenants.getTenant,
  tenants.updateTenant,
  projects.listProjects,
  projects.createProject,
  projects.getProject,
  projects.updateProject,
  users.listUsers,
  users.createUser,
  users.getUser,
  users.updateUser,
  memberships.listMemberships,
  memberships.createMembership,
  memberships.getMembership,
  memberships.updateMembership,
  memberships.deleteMembership,
  apiKeys.createApiKey,
  apiKeys.listApiKeys,
  apiKeys.createOwnApiKey,
  apiKeys.getApiKey,
  apiKeys.updateApiKey,
  apiKeys.revokeApiKey,
  files.uploadFile,
  files.listFiles,
  files.getFile,
  files.downloadFileContent,
  files.deleteFile,
  retentionPolicies.listRetentionPolicies,
  retentionPolicies.getCurrentRetention,
  retentionPolicies.createRetentionPolicy,
  legalHolds.listLegalHolds,
  legalHolds.placeLegalHold,
  legalHolds.getLegalHold,
  legalHolds.requestHoldRelease,
  legalHolds.releaseLegalHold,
  providers.listProviders,
  providers.createProvider,
  providers.getProvider,
  providers.updateProvider,
  providers.deleteProvider,
  budgets.listBudgets,
  budgets.createBudget,
  budgets.getBudget,
  budgets.updateBudget,
  budgets.deleteBudget,
  usage.getUsage,
  generations.listGenerations,
  generations.getGeneration,
  generations.getGenerationContent,
  sealingKeys.rotateSealingKeys,
  outboxRows.listParkedOutboxRows,
  outboxRows.releaseOutboxRow,
  audit.listAuditEvents,
  exports.createExport,
  exports.listExports,
  exports.getExport,
  exports.watchExport,
  exports.createDownloadLinks,
  exports.downloadArchive,
  exports.downloadFile,
  meta.getOpenApi,
];
