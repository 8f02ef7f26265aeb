import { callRoute } from '@aion/client/traced';
import { SCOPES, type Route, type Scope, routes } from '@aion/contracts';
import { createServiceTokens } from '@aion/http';
import { callersOf } from './fuzz-callers.ts';
import { fixturesOf } from './fuzz-fixtures.ts';
import { createKeyedTenant } from './keyed-tenant.ts';

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
const TENANT_HEADER = 'x-aion-tenant';
const bearer = (token: string): Headers => ({ Authorization: `Bearer ${token}` });

/** Creates tenants and keys of every kind. */
export async function createFuzzCredentials(secrets: FuzzSecrets): Promise<FuzzCredentials> {
  const { baseUrl, operator } = secrets;
  const access = { baseUrl, key: operator.key };
  const [home, other] = await Promise.all([createKeyedTenant(access), createKeyedTenant(access)]);
  const half = SCOPES.length / 2;
  const [full, early, late, expired, revoked, victim, colleague] = await Promise.all([
    home.createKey(SCOPES),
    home.createKey(SCOPES.slice(0, half)),
    home.createKey(SCOPES.slice(half)),
    home.createExpiredKey(),
    home.createRevokedKey(),
    home.createKey(['trace']),
    callRoute(routes.operators.create, { ...access, body: { name: 'Colleague' }, signal }),
  ]);
  const [owner, member] = await Promise.all([home.createPerson('owner'), home.createPerson('member')]);
  const lacking = (scope: Scope): string => (SCOPES.indexOf(scope) < half ? late : early).key;
  const tokens = createServiceTokens({ secret: secrets.serviceTokenSecret, service: 'web-api' });
  const asOperator = bearer(operator.key);
  const caller = callersOf({
    tenantId: home.id,
    otherTenantId: other.id,
    keyId: owner.key.id,
    userId: owner.id,
    operatorId: operator.id,
  });
  return {
    ownIds: new Set(
      [home, operator, full, early, late, expired, revoked, owner.key, owner.membership].map(({ id }) => id),
    ),
    fixturesFor: fixturesOf({
      tenantId: home.id,
      keyId: victim.id,
      keyPrefix: full.prefix,
      operatorPrefix: colleague.prefix,
    }),
    victims: {
      key_id: victim.id,
      operator_id: colleague.id,
      tenant_id: home.id,
      membership_id: member.membership.id,
    },
    allowedFor: async (route) => {
      switch (route.auth.kind) {
        case 'none':
        case 'signed-url':
          return [{}];
        case 'key':
          return [bearer(full.key)];
        case 'tenant':
          // Where the path names the tenant, the operator does not name another one.
          return [
            bearer(owner.key.key),
            route.path.includes('{tenant_id}') ? asOperator : { ...asOperator, [TENANT_HEADER]: other.id },
          ];
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
