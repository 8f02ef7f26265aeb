import { CALLER_HEADER, SCOPES, type Caller, type Route } from '@aion/contracts';

type Headers = Readonly<Record<string, string>>;

/** Ids of callers on whose behalf web-api sends requests. */
export interface CallerIds {
  readonly tenantId: string;
  /** A tenant without keys of the run, because the operator may make it read-only. */
  readonly otherTenantId: string;
  readonly keyId: string;
  /** User to whom the key belongs. */
  readonly userId: string;
  readonly operatorId: string;
}

/** Creates the caller headers that web-api sends to internal routes. */
export function createCallerHeaders({
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
