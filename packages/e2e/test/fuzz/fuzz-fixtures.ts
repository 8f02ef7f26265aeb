import { randomUUID } from 'node:crypto';
import type { Route } from '@aion/contracts';

/** Long after the test, and before any date that is too far. */
const LATER = '2090-01-31T12:00:00.000Z';

/** Ids of what the run has made. */
export interface FixtureIds {
  readonly tenantId: string;
  readonly keyId: string;
  readonly keyPrefix: string;
  readonly operatorPrefix: string;
}

/** Values that no schema can tell, for each route by the name of the field. */
export function fixturesOf(ids: FixtureIds) {
  const common = {
    recipient: 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
    model: 'embedded/extractive',
    messages: [{ role: 'user', content: 'Is it?' }],
    expires_at: LATER,
    generation_id: recentId(),
    scope: 'api_key',
    scope_id: ids.keyId,
    keep_days: 30,
  };
  return ({ name, method, auth }: Route): Record<string, unknown> => {
    // A tenant must not be closed under the run's feet.
    const tenant =
      method === 'GET' || (auth.kind === 'service' && !/Tenant/.test(name)) ? { tenant_id: ids.tenantId } : {};
    const prefix = name === 'findApiKey' ? { prefix: ids.keyPrefix } : {};
    return { ...common, ...tenant, ...prefix, ...(name === 'findOperator' ? { prefix: ids.operatorPrefix } : {}) };
  };
}

/** A UUID of version 7 (RFC 9562) of now. */
function recentId(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
