import { randomUUID } from 'node:crypto';
import type { Route } from '@aion/contracts';

/** A valid date in the far future. */
const LATER = '2090-01-31T12:00:00.000Z';

/** Ids of entities that the run has created. */
export interface FixtureIds {
  readonly tenantId: string;
  readonly keyId: string;
  readonly keyPrefix: string;
  readonly operatorPrefix: string;
}

/** Returns values that cannot be generated from a schema, for each route by field name. */
export function createFixtures(ids: FixtureIds) {
  const common = {
    recipient: 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
    model: 'embedded/extractive',
    messages: [{ role: 'user', content: 'Is it?' }],
    expires_at: LATER,
    generation_id: createRecentId(),
    scope: 'api_key',
    scope_id: ids.keyId,
    keep_days: 30,
  };
  return ({ name, method, auth }: Route): Record<string, unknown> => {
    // Requests must not close the tenant of the run.
    const tenant =
      method === 'GET' || (auth.kind === 'service' && !/Tenant/.test(name)) ? { tenant_id: ids.tenantId } : {};
    const prefix = name === 'findApiKey' ? { prefix: ids.keyPrefix } : {};
    return { ...common, ...tenant, ...prefix, ...(name === 'findOperator' ? { prefix: ids.operatorPrefix } : {}) };
  };
}

/** Creates a UUID of version 7 (RFC 9562) with the current time. */
function createRecentId(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
