import { internalRoutes } from '@aion/contracts';
import type { Logger } from '@aion/logging';
import { pause } from './pause.ts';
import type { Switches } from './report-features.ts';
import type { ServiceClient } from './service-client.ts';

/** How a service tells which of its switches are on. */
export interface ReportSwitchesOptions {
  readonly gateway: ServiceClient;
  /** Undefined where there is no process whose switches they are: nothing is told. */
  readonly switches: Switches | undefined;
  readonly logger: Logger;
  /** Ends the attempts. */
  readonly signal: AbortSignal;
}

/**
 * Tells database-gateway which switches of this process are on, until it has heard: what differs from the last time is an
 * event of the platform's audit trail.
 */
export async function reportSwitches(options: ReportSwitchesOptions): Promise<void> {
  const { switches, signal } = options;
  if (switches === undefined) return;
  for (let delayMs = 500; !signal.aborted; delayMs = Math.min(delayMs * 2, 30_000)) {
    if (await tell(options, switches)) return;
    await pause(delayMs, signal);
  }
}

/** Whether database-gateway has heard it. */
async function tell({ gateway, logger, signal }: ReportSwitchesOptions, switches: Switches): Promise<boolean> {
  try {
    await gateway.call(internalRoutes.platformEvents.recordSwitches, { body: { switches: { ...switches } }, signal });
    return true;
  } catch (error) {
    if (!signal.aborted) {
      logger.warn('The switches of this process are not in the audit trail yet; it is tried again', { error });
    }
    return false;
  }
}
