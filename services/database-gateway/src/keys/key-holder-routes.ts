import { internalRoutes } from '@aion/contracts';
import { bindRoute, requireTenantCaller, type BoundRoute } from '@aion/http';
import type { Database } from '../database/database.ts';
import { findKeyHolder, findOperatorByPrefix } from './find-key-holder.ts';
import { recordKeyUse, recordOperatorUse } from './record-key-use.ts';

/** Creates the routes by which web-api finds the holders of keys and records their use. */
export function createKeyHolderRoutes(database: Database): readonly BoundRoute[] {
  return [
    bindRoute(internalRoutes.apiKeys.find, ({ params }) => findKeyHolder(database, params.prefix)),
    bindRoute(internalRoutes.operators.find, ({ params }) => findOperatorByPrefix(database, params.prefix)),
    bindRoute(internalRoutes.apiKeys.recordUse, async ({ params, body, identity }) => {
      const { tenant_id: tenantId } = requireTenantCaller(identity);
      await recordKeyUse(database, params.key_id, { ...body, tenant_id: tenantId });
      return undefined;
    }),
    bindRoute(internalRoutes.operators.recordUse, async ({ params, body }) => {
      await recordOperatorUse(database, params.operator_id, body);
      return undefined;
    }),
  ];
}
