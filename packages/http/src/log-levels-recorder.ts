import { internalRoutes, serviceCaller } from '@aion/contracts';
import type { LogLevelsAccess } from './serve-log-levels.ts';
import type { ServiceClient } from './service-client.ts';

/** Creates a function that records a change of log levels in the audit trail through database-gateway. */
export function createLogLevelsRecorder(gateway: ServiceClient): NonNullable<LogLevelsAccess['record']> {
  return async (by) => {
    await gateway.call(internalRoutes.platformEvents.record, {
      body: { action: 'log_levels.changed' },
      caller: serviceCaller(by, null),
    });
  };
}
