import { callRoute } from '@aion/client/traced';
import { SCOPES, type Route, type Scope, routes } from '@aion/contracts';
import { createServiceTokens } from '@aion/http';
import { createCallerHeaders } from './fuzz-callers.ts';
import { createFixtures } from './fuzz-fixtures.ts';
import { createKeyedTenant } from './keyed-tenant.ts';

type Headers = Readonly<Record<string, string>>;

/** Credentials of callers with and without access to routes. */
export interface FuzzCredentials {
  /** Ids of entities that the run itself requires. */
  readonly ownIds: ReadonlySet<string>;
  /** Values that cannot be generated from a schema, by field name. */
  fixturesFor(route: Route): Readonly<Record<string, unknown>>;
  /** Ids of entities that requests may change and revoke, by parameter name. */
  readonly victims: Readonly<Record<string, string>>;
  /** Returns the headers of each kind of caller with access to the route. */
  allowedFor(route: Route): Promise<readonly [Headers, ...Headers[]]>;
  /** Returns the headers of callers without access, by reason. */
  rejectedFor(route: Route): Promise<Readonly<Record<string, Headers>>>;
}

/** Address of the platform and secrets of its operator. */
export interface FuzzSecrets {
  readonly baseUrl: string;
  readonly operator: { readonly id: string; readonly key: string };
  readonly initSecret: string;
  readonly serviceTokenSecret: string;
}

const { signal } = new AbortController();
const TENANT_HEADER = 'x-aion-tenant';
const bearer = (token: string): Headers => ({ Authorization: `Bearer ${token}` });

/** Creates tenants and keys of every kind for {@link FuzzCredentials}. */
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
  const keyWithout = (scope: Scope): string => (SCOPES.indexOf(scope) < half ? late : early).key;
  const tokens = createServiceTokens({ secret: secrets.serviceTokenSecret, service: 'web-api' });
  const asOperator = bearer(operator.key);
  const caller = createCallerHeaders({
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
    fixturesFor: createFixtures({
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
          // If the path names the tenant, the operator must not name another one.
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
    rejectedFor: async ({ auth }) => {
      if (auth.kind === 'none' || auth.kind === 'signed-url') return {};
      const invalid = { none: {}, expired: bearer(expired.key), revoked: bearer(revoked.key) };
      if (auth.kind === 'service') {
        return {
          ...invalid,
          'a tenant': bearer(full.key),
          'another service': bearer(await tokens.issue('data-export')),
        };
      }
      if (auth.kind === 'operator' || auth.kind === 'init') return { ...invalid, 'a tenant': bearer(full.key) };
      const scoped = { ...invalid, 'another scope': bearer(keyWithout(auth.scope)) };
      if (auth.kind === 'key') return { ...scoped, 'the operator': asOperator };
      return { ...scoped, 'another tenant': { ...bearer(full.key), [TENANT_HEADER]: other.id } };
    },
  };
}
