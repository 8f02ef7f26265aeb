import {
  CALLER_HEADER,
  createApiKey,
  createOperator,
  createTenant,
  revokeApiKey,
  SCOPES,
  type Caller,
  type Route,
  type Scope,
} from '@aion/contracts';
import { createServiceTokens } from '@aion/http';
import { waitFor } from '@aion/testkit';
import { callRoute } from '../../src/platform/call-route.ts';

type Headers = Readonly<Record<string, string>>;

/** Who may call routes, and who may not. */
export interface FuzzCredentials {
  /** Ids that the run stands on. */
  readonly ownIds: ReadonlySet<string>;
  /** Ids of what may be changed and revoked at will, by the name of the parameter. */
  readonly victims: Readonly<Record<string, string>>;
  /** The headers of each kind of caller who may call the route. */
  allowedFor(route: Route): Promise<readonly [Headers, ...Headers[]]>;
  /** The headers of callers who may not, by what they lack. */
  refusedFor(route: Route): Promise<Readonly<Record<string, Headers>>>;
}

/** The platform's address and what only its operator knows. */
export interface FuzzSecrets {
  readonly baseUrl: string;
  readonly operator: { readonly id: string; readonly key: string };
  readonly initSecret: string;
  readonly serviceTokenSecret: string;
}

const { signal } = new AbortController();
const EXPIRES_MS = 1_500;
const TENANT_HEADER = 'x-aion-tenant';
const bearer = (token: string): Headers => ({ Authorization: `Bearer ${token}` });

/** Creates tenants and keys of every kind. */
export async function createFuzzCredentials(secrets: FuzzSecrets): Promise<FuzzCredentials> {
  const { operator } = secrets;
  const [home, other] = await Promise.all([createKeyedTenant(secrets), createKeyedTenant(secrets)]);
  const half = SCOPES.length / 2;
  const [full, early, late, expired, revoked, victim, colleague] = await Promise.all([
    home.createKey(SCOPES),
    home.createKey(SCOPES.slice(0, half)),
    home.createKey(SCOPES.slice(half)),
    home.createExpiredKey(),
    home.createRevokedKey(),
    home.createKey(['trace']),
    callRoute(createOperator, {
      baseUrl: secrets.baseUrl,
      key: operator.key,
      body: { name: 'Colleague' },
      signal,
    }),
  ]);
  const lacking = (scope: Scope): string => (SCOPES.indexOf(scope) < half ? late : early).key;
  const tokens = createServiceTokens({ secret: secrets.serviceTokenSecret, service: 'web-api' });
  const asOperator = bearer(operator.key);
  const caller = callersOf({ tenantId: home.id, keyId: full.id, operatorId: operator.id });
  return {
    ownIds: new Set([home.id, operator.id, full.id, early.id, late.id]),
    victims: { key_id: victim.id, operator_id: colleague.id, tenant_id: home.id },
    allowedFor: async (route) => {
      switch (route.auth.kind) {
        case 'none':
        case 'signed-url':
          return [{}];
        case 'key':
          return [bearer(full.key)];
        case 'tenant':
          return [bearer(full.key), { ...asOperator, [TENANT_HEADER]: other.id }];
        case 'operator':
          return [asOperator];
        case 'init':
          return [bearer(secrets.initSecret)];
        case 'service':
          return [{ ...bearer(await tokens.issue(route.service)), ...caller(route) }];
      }
    },
    refusedFor: async ({ auth }) => {
      if (auth.kind === 'none' || auth.kind === 'signed-url') return {};
      const never = { none: {}, expired: bearer(expired.key), revoked: bearer(revoked.key) };
      if (auth.kind === 'service') {
        return { ...never, 'a tenant': bearer(full.key), 'another service': bearer(await tokens.issue('data-export')) };
      }
      if (auth.kind === 'operator' || auth.kind === 'init') return { ...never, 'a tenant': bearer(full.key) };
      const scoped = { ...never, 'another scope': bearer(lacking(auth.scope)) };
      if (auth.kind === 'key') return { ...scoped, 'the operator': asOperator };
      return { ...scoped, 'another tenant': { ...bearer(full.key), [TENANT_HEADER]: other.id } };
    },
  };
}

/** What web-api tells database-gateway of its caller, for routes that ask. */
function callersOf(ids: { readonly tenantId: string; readonly keyId: string; readonly operatorId: string }) {
  const { tenantId, keyId, operatorId } = ids;
  const operator: Caller = {
    tenant_id: null,
    actor: `operator:${operatorId}`,
    actor_id: operatorId,
    person_id: operatorId,
    scopes: null,
  };
  const key = { tenant_id: tenantId, actor: `api_key:${keyId}`, actor_id: keyId, person_id: null, scopes: [...SCOPES] };
  return (route: Route): Headers => {
    if (!route.name.startsWith('stored.')) return {};
    const isOfPlatform = /^stored\.\w*(Operator|Tenants|createTenant)/.test(route.name);
    const caller = isOfPlatform ? operator : key;
    return { [CALLER_HEADER]: Buffer.from(JSON.stringify(caller)).toString('base64url') };
  };
}

async function createKeyedTenant({ baseUrl, operator: { key } }: FuzzSecrets) {
  const { id } = await callRoute(createTenant, { baseUrl, key, body: { name: 'Fuzzed' }, signal });
  const params = { tenant_id: id };
  const createKey = (scopes: readonly Scope[], expiresAt?: string) =>
    callRoute(createApiKey, {
      baseUrl,
      key,
      params,
      body: { name: 'fuzz', scopes: [...scopes], expires_at: expiresAt },
      signal,
    });
  return {
    id,
    createKey,
    createExpiredKey: async () => {
      const created = await createKey(SCOPES, new Date(Date.now() + EXPIRES_MS).toISOString());
      await waitFor(
        async () => (await fetch(`${baseUrl}/v1/models`, { headers: bearer(created.key) })).status === 401,
        {
          describe: 'a key to expire',
        },
      );
      return created;
    },
    createRevokedKey: async () => {
      const created = await createKey(SCOPES);
      await callRoute(revokeApiKey, { baseUrl, key: created.key, params: { key_id: created.id }, signal });
      return created;
    },
  };
}
