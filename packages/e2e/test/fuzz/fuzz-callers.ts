import { CALLER_HEADER, SCOPES, type Caller, type Route } from '@aion/contracts';

type Headers = Readonly<Record<string, string>>;

/** Whom web-api can speak for. */
export interface CallerIds {
  readonly tenantId: string;
  /** The operator may set it read-only: keys of the run are not of it. */
  readonly otherTenantId: string;
  readonly keyId: string;
  /** Whose key it is. */
  readonly userId: string;
  readonly operatorId: string;
}

/** What web-api tells other services of its callers, for routes that ask. */
export function callersOf({
  tenantId,
  otherTenantId,
  keyId,
  userId,
  operatorId,
}: CallerIds): (route: Route) => readonly [Headers, ...Headers[]] {
  const header = (caller: Caller): Headers => ({
    [CALLER_HEADER]: Buffer.from(JSON.stringify(caller)).toString('base64url'),
  });
  const operator = { actor: `operator:${operatorId}`, actor_id: operatorId, person_id: operatorId, scopes: null };
  const key = { actor: `api_key:${keyId}`, actor_id: keyId, person_id: userId, scopes: [...SCOPES] };
  const ofKey = header({ tenant_id: tenantId, ...key });
  const ofPlatform = header({ tenant_id: null, ...operator });
  return ({ name }) => {
    if (name.startsWith('stored.')) return [ofKey, header({ tenant_id: otherTenantId, ...operator }), ofPlatform];
    return [ofKey];
  };
}
