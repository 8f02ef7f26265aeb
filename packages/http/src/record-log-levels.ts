import { internalRoutes, serviceCaller } from '@aion/contracts';
import type { LogLevelsAccess } from './log-levels-endpoint.ts';
import type { ServiceClient } from './service-client.ts';

/** How a service puts a change of its log levels into the audit trail: through database-gateway. */
export function recordLogLevelsBy(gateway: ServiceClient): NonNullable<LogLevelsAccess['record']> {
  return async (by) => {
    await gateway.call(internalRoutes.platformEvents.record, {
      body: { action: 'log_levels.changed' },
      caller: serviceCaller(by, null),
    });
  };
}
