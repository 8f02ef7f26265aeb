import type { FeatureFlags } from '@aion/http';
import type { Database } from '../database/database.ts';
import { insertFeatureFlags, updateFeatureFlags, type FeatureFlagStates } from './feature-flag-store.ts';
import { recordAuditEvent } from './record-audit-event.ts';
import { NO_ROW } from './record-platform-event.ts';

/**
 * Stores the feature flags of a service. Each flag whose stored state differs is an event in the audit chain of the
 * platform; a flag without a stored state is not, because nothing has changed.
 */
export async function recordFeatureFlags(
  database: Database,
  service: string,
  featureFlags: FeatureFlags,
): Promise<void> {
  const features = Object.keys(featureFlags).toSorted();
  const flags: FeatureFlagStates = {
    service,
    features,
    states: features.map((feature) => featureFlags[feature] === true),
  };
  await database.withPlatform(async (transaction) => {
    const changed = await updateFeatureFlags(transaction, flags);
    await insertFeatureFlags(transaction, flags);
    for (const { feature, is_on: isOn } of changed.toSorted((a, b) => (a.feature < b.feature ? -1 : 1))) {
      await recordAuditEvent(transaction, {
        actor: `service:${service}`,
        action: isOn ? 'switch.turned_on' : 'switch.turned_off',
        targetType: 'platform',
        targetId: NO_ROW,
        targetPath: `${service}/${feature}`,
      });
    }
  });
}
