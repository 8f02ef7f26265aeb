import type { KeyStatus } from '@aion/contracts';

/** SQL expression for the `KeyStatus` of a row of `api_keys` or `platform_operators`. */
export const KEY_STATUS = `CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= now() THEN 'expired'
  ELSE 'live' END`;

/** SQL predicate for rows whose key is neither revoked nor expired. */
export const IS_LIVE = `${KEY_STATUS} = '${'live' satisfies KeyStatus}'`;
