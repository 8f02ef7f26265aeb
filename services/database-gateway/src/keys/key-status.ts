import type { KeyStatus } from '@aion/contracts';

/** The `KeyStatus` of a row of `api_keys` or `platform_operators`, in SQL. */
export const KEY_STATUS = `CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= now() THEN 'expired'
  ELSE 'live' END`;

/** Of such a row: that its key opens something, in SQL. */
export const IS_LIVE = `${KEY_STATUS} = '${'live' satisfies KeyStatus}'`;
