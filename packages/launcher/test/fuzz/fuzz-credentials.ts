import { randomUUID } from 'node:crypto';
import {
  API_KEY_HEADER,
  CALLER_HEADER,
  createApiKey,
  createOperator,
  createTenant,
  revokeApiKey,
  SCOPES,
  TENANT_HEADER as ENGINE_TENANT_HEADER,
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
  /** Values that no schema can tell, by the name of their field. */
  fixturesFor(route: Route): Readonly<Record<string, unknown>>;
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
  const caller = callersOf({ tenantId: home.id, otherTenantId: other.id, keyId: full.id, operatorId: operator.id });
  return {
    ownIds: new Set([home, operator, full, early, late, expired, revoked].map(({ id }) => id)),
    fixturesFor: fixturesOf({ tenantId: home.id, keyPrefix: full.prefix, operatorPrefix: colleague.prefix }),
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
        case 'service': {
          const [first, ...more] = caller(route);
          const token = bearer(await tokens.issue(route.service));
          return [{ ...token, ...first }, ...more.map((each) => ({ ...token, ...each }))];
        }
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

interface CallerIds {
  readonly tenantId: string;
  /** The operator may set it read-only: keys of the run are not of it. */
  readonly otherTenantId: string;
  readonly keyId: string;
  readonly operatorId: string;
}

/** What web-api tells other services of its callers, for routes that ask. */
function callersOf({
  tenantId,
  otherTenantId,
  keyId,
  operatorId,
}: CallerIds): (route: Route) => readonly [Headers, ...Headers[]] {
  const header = (caller: Caller): Headers => ({
    [CALLER_HEADER]: Buffer.from(JSON.stringify(caller)).toString('base64url'),
  });
  const operator = { actor: `operator:${operatorId}`, actor_id: operatorId, person_id: operatorId, scopes: null };
  const key = { actor: `api_key:${keyId}`, actor_id: keyId, person_id: null, scopes: [...SCOPES] };
  const ofKey = header({ tenant_id: tenantId, ...key });
  const ofPlatform = header({ tenant_id: null, ...operator });
  return ({ name }) => {
    if (name.startsWith('stored.')) return [ofKey, header({ tenant_id: otherTenantId, ...operator }), ofPlatform];
    return [{ [ENGINE_TENANT_HEADER]: tenantId, [API_KEY_HEADER]: keyId }];
  };
}

/** Long after the test, and before any date that is too far. */
const LATER = '2090-01-31T12:00:00.000Z';

function fixturesOf(ids: { readonly tenantId: string; readonly keyPrefix: string; readonly operatorPrefix: string }) {
  const common = {
    recipient: 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
    model: 'embedded/extractive',
    messages: [{ role: 'user', content: 'Is it?' }],
    expires_at: LATER,
    generation_id: recentId(),
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
