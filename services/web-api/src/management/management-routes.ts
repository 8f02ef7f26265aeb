import {
  createProject,
  createTenant,
  deleteProvider,
  getApiKey,
  getExport,
  getProject,
  getProvider,
  getTenant,
  listApiKeys,
  listAuditEvents,
  listExports,
  listOperators,
  listProjects,
  listProviders,
  listTenants,
  revokeApiKey,
  revokeOperator,
  updateApiKey,
  updateProject,
  updateTenant,
} from '@aion/contracts';
import type { BoundRoute, ServiceClient } from '@aion/http';
import { forwardRoute } from './forward-route.ts';

/** Creates the routes that database-gateway carries out as they are, in the order of the reference. */
export function createManagementRoutes(database: ServiceClient): readonly BoundRoute[] {
  return [
    forwardRoute(listOperators, database),
    forwardRoute(revokeOperator, database),
    forwardRoute(listTenants, database),
    forwardRoute(createTenant, database),
    forwardRoute(getTenant, database),
    forwardRoute(updateTenant, database),
    forwardRoute(listProjects, database),
    forwardRoute(createProject, database),
    forwardRoute(getProject, database),
    forwardRoute(updateProject, database),
    forwardRoute(listApiKeys, database),
    forwardRoute(getApiKey, database),
    forwardRoute(updateApiKey, database),
    forwardRoute(revokeApiKey, database),
    forwardRoute(listProviders, database),
    forwardRoute(getProvider, database),
    forwardRoute(deleteProvider, database),
    forwardRoute(listAuditEvents, database),
    forwardRoute(listExports, database),
    forwardRoute(getExport, database),
  ];
}
