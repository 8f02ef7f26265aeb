import { internalRoutes } from '@aion/contracts';
import type { Logger } from '@aion/logging';
import { pause } from './pause.ts';
import type { FeatureFlags } from './expose-feature-flags.ts';
import type { ServiceClient } from './service-client.ts';

/** Options of `reportFeatureFlags`. */
export interface ReportFeatureFlagsOptions {
  readonly gateway: ServiceClient;
  /** Undefined when the service runs without a process of its own, as in tests: nothing is reported. */
  readonly featureFlags: FeatureFlags | undefined;
  readonly logger: Logger;
  /** Ends the attempts. */
  readonly signal: AbortSignal;
}

/**
 * Reports the feature flags of this process to database-gateway, and retries until that succeeds. Each change since the
 * last report is an event of the platform's audit trail.
 */
export async function reportFeatureFlags(options: ReportFeatureFlagsOptions): Promise<void> {
  const { featureFlags, signal } = options;
  if (featureFlags === undefined) return;
  for (let delayMs = 500; !signal.aborted; delayMs = Math.min(delayMs * 2, 30_000)) {
    if (await tryReport(options, featureFlags)) return;
    await pause(delayMs, signal);
  }
}

/** Returns true if database-gateway has stored the flags. */
async function tryReport(
  { gateway, logger, signal }: ReportFeatureFlagsOptions,
  featureFlags: FeatureFlags,
): Promise<boolean> {
  try {
    const body = { switches: { ...featureFlags } };
    await gateway.call(internalRoutes.platformEvents.recordSwitches, { body, signal });
    return true;
  } catch (error) {
    if (!signal.aborted) {
      logger.warn('Feature flags not reported, will retry', { error });
    }
    return false;
  }
}
