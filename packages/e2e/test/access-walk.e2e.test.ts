import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PUBLIC_ROUTES, ROLE_SCOPES, ROLES, SCOPES, type Route, type Scope } from '@aion/contracts';
import { waitFor } from '@aion/testkit';
import { createAccess } from './support/create-access.ts';
import { getSharedPlatform, type SharedPlatform } from './support/shared-platform.ts';
import { createUnknownKey } from './support/unknown-key.ts';

const NO_ROW = '01890a5d-ac96-774b-bcce-b302099a8057';
const CONCURRENCY = 16;
/** Long enough that a slow machine creates the key before it expires. */
const EXPIRES_MS = 5_000;

let platform: SharedPlatform;
let tenantId: string;

/** A caller with the results that routes must return for it. */
interface TestCaller {
  readonly name: string;
  readonly key: string | undefined;
  expected(route: Route): 'allowed' | 'forbidden' | 'unknown';
  /** True: the request names a tenant other than that of the key. */
  readonly isForeign?: boolean;
}
const callers: TestCaller[] = [];

beforeAll(async () => {
  platform = await getSharedPlatform();
  ({ tenantId } = await createAccess(platform));
  const soon = new Date(Date.now() + EXPIRES_MS).toISOString();
  const expiring = await createKey({ expires_at: soon });
  const revoked = await createKey({});
  const foreign = await createAccess(platform, SCOPES);
  await send(platform.operatorKey, 'DELETE', `/api/v1/api-keys/${revoked.id}`);
  for (const scope of SCOPES) {
    const { key } = await createKey({ scopes: [scope] });
    callers.push({ name: `a key with ${scope}`, key, expected: byScopes([scope]) });
  }
  for (const role of ROLES) {
    const person = { email: `${role}@example.com`, name: role, role };
    const { id } = (await (await send(platform.operatorKey, 'POST', '/api/v1/users', person)).json()) as { id: string };
    const { key } = await createKey({ user_id: id });
    callers.push({ name: `a person's key, role ${role}`, key, expected: byScopes(ROLE_SCOPES[role]) });
  }
  const { initSecret } = JSON.parse(readFileSync(join(platform.stateDir, 'secrets.json'), 'utf8')) as {
    readonly initSecret: string;
  };
  const always = (verdict: 'forbidden' | 'unknown') => () => verdict;
  callers.push(
    { name: 'the operator', key: platform.operatorKey, expected: ofOperator },
    { name: 'the one-time secret', key: initSecret, expected: ofInit },
    { name: 'nobody', key: undefined, expected: always('unknown') },
    { name: 'a revoked key', key: revoked.key, expected: always('unknown') },
    { name: 'an expired key', key: expiring.key, expected: always('unknown') },
    { name: 'a malformed key', key: `${expiring.key.slice(0, -7)}aaaaaaa`, expected: always('unknown') },
    { name: 'a well-formed tenant key that does not exist', key: createUnknownKey('sk'), expected: always('unknown') },
    {
      name: 'a well-formed operator key that does not exist',
      key: createUnknownKey('op'),
      expected: always('unknown'),
    },
    { name: "another tenant's key", key: foreign.key, expected: always('forbidden'), isForeign: true },
  );
  // The checksum of the key is correct, so it is looked up.
  expect(await (await send(createUnknownKey('sk'), 'GET', '/v1/models')).text()).toContain('it is unknown');
  await waitFor(async () => (await send(expiring.key, 'GET', '/v1/models')).status === 401, {
    describe: 'the key to expire',
    timeoutMs: 3 * EXPIRES_MS,
  });
  await waitFor(async () => (await send(revoked.key, 'GET', '/v1/models')).status === 401, {
    describe: 'the revocation',
  });
}, 120_000);

const byScopes =
  (scopes: readonly Scope[]) =>
  ({ auth }: Route) =>
    'scope' in auth && scopes.includes(auth.scope) ? ('allowed' as const) : ('forbidden' as const);
const ofOperator = ({ auth }: Route) => (auth.kind === 'operator' || auth.kind === 'tenant' ? 'allowed' : 'forbidden');
const ofInit = ({ auth }: Route) => (auth.kind === 'init' ? 'allowed' : 'forbidden');

async function createKey(options: object): Promise<{ readonly id: string; readonly key: string }> {
  const body = { name: 'k', scopes: SCOPES, ...options };
  const answer = await send(platform.operatorKey, 'POST', '/api/v1/api-keys', body);
  expect(answer.status).toBe(201);
  return (await answer.json()) as { id: string; key: string };
}

function send(
  key: string | undefined,
  method: string,
  path: string,
  body?: object,
  isForeign = false,
): Promise<Response> {
  return fetch(platform.baseUrl + path, {
    method,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(isForeign || key === platform.operatorKey ? { 'x-aion-tenant': tenantId } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Messages by which web-api rejects a caller, in `authorise` and in the authenticator. */
const FORBIDDEN_MESSAGES =
  /lacks the scope|acts for a tenant: call it|Only the platform operator may|is for the one-time secret|acts for its own tenant/;

/** Requests an entity that does not exist with an invalid body: callers with access receive another error. */
async function verdictOf(route: Route, { key, isForeign }: TestCaller): Promise<string> {
  const path = route.path.replace('{tenant_id}', tenantId).replaceAll(/\{\w+\}/g, NO_ROW);
  const body = route.body === undefined ? undefined : { 'no such field': true };
  const answer = await send(key, route.method, path, body, isForeign);
  const text = await answer.text();
  if (answer.status >= 500) return `failed with ${answer.status}`;
  if (answer.status === 401) return 'unknown';
  return answer.status === 403 && FORBIDDEN_MESSAGES.test(text) ? 'forbidden' : 'allowed';
}

const guarded = PUBLIC_ROUTES.filter(({ auth }) => auth.kind !== 'none' && auth.kind !== 'signed-url');

describe('access to every route', () => {
  it('is granted according to its contract for each scope, each role, operators, and invalid keys', async () => {
    const cases = guarded.flatMap((route) => callers.map((caller) => ({ route, caller })));
    expect(guarded.length).toBeGreaterThan(50);
    expect(callers.length).toBeGreaterThan(SCOPES.length + ROLES.length);
    const wrong: string[] = [];
    for (let at = 0; at < cases.length; at += CONCURRENCY) {
      await Promise.all(
        cases.slice(at, at + CONCURRENCY).map(async ({ route, caller }) => {
          const verdict = await verdictOf(route, caller);
          const expected = caller.expected(route);
          if (verdict !== expected) wrong.push(`${route.name}: ${caller.name} is ${verdict}, not ${expected}`);
        }),
      );
    }
    expect(wrong).toEqual([]);
  }, 60_000);
});
