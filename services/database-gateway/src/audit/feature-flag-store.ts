import type { PlatformTransaction } from '../database/database.ts';

/** States of the feature flags of a service. */
export interface FeatureFlagStates {
  readonly service: string;
  readonly features: readonly string[];
  /** State of each feature, in the same order. */
  readonly states: readonly boolean[];
}

/** A feature flag whose state has changed. */
export interface ChangedFeatureFlag {
  readonly [column: string]: unknown;
  readonly feature: string;
  readonly is_on: boolean;
}

/** Updates the stored states that differ, and returns the flags that have changed. */
export function updateFeatureFlags(
  transaction: PlatformTransaction,
  { service, features, states }: FeatureFlagStates,
): Promise<ChangedFeatureFlag[]> {
  return transaction.query<ChangedFeatureFlag>({
    table: 'platform_switches',
    text: `
      UPDATE platform_switches stored SET is_on = current.is_on, changed_at = now()
      FROM unnest($2::text[], $3::boolean[]) AS current (feature, is_on)
      WHERE stored.service = $1 AND stored.feature = current.feature AND stored.is_on <> current.is_on
      RETURNING stored.feature, stored.is_on`,
    values: [service, features, states],
  });
}

/** Inserts the states of flags that have none stored. */
export async function insertFeatureFlags(
  transaction: PlatformTransaction,
  { service, features, states }: FeatureFlagStates,
): Promise<void> {
  await transaction.query({
    table: 'platform_switches',
    text: `
      INSERT INTO platform_switches (service, feature, is_on)
      SELECT $1, feature, is_on FROM unnest($2::text[], $3::boolean[]) AS current (feature, is_on)
      ON CONFLICT (service, feature) DO NOTHING`,
    values: [service, features, states],
  });
}
