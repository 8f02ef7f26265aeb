import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PUBLIC_ROUTES, ROLE_SCOPES, ROLES, SCOPES, type Route, type Scope } from '@aion/contracts';
import { waitFor } from '@aion/testkit';
import { createAccess } from './support/create-access.ts';
import { getSharedPlatform, type SharedPlatform } from './support/shared-platform.ts';
import { createUnknownKey } from './support/unknown-key.ts';

const NO_ROW = '01890a5d-ac96-774b-bcce-b302099a8057';
const AT_ONCE = 16;
/** A key must be made before it expires, however slow the machine is. */
const EXPIRES_MS = 5_000;

let platform: SharedPlatform;
let tenantId: string;

/** Somebody who calls, and what is expected of a route for them. */
interface Holder {
  readonly name: string;
  readonly key: string | undefined;
  expected(route: Route): 'allowed' | 'refused' | 'unknown';
  /** Names another tenant than that of the key. */
  readonly isForeign?: boolean;
}
const holders: Holder[] = [];

beforeAll(async () => {
  platform = await getSharedPlatform();
  ({ tenantId } = await createAccess(platform));
  const soon = new Date(Date.now() + EXPIRES_MS).toISOString();
  const dying = await createKey({ expires_at: soon });
  const revoked = await createKey({});
  const foreign = await createAccess(platform, SCOPES);
  await send(platform.operatorKey, 'DELETE', `/api/v1/api-keys/${revoked.id}`);
  for (const scope of SCOPES) {
    const { key } = await createKey({ scopes: [scope] });
    holders.push({ name: `a key with ${scope}`, key, expected: byScopes([scope]) });
  }
  for (const role of ROLES) {
    const person = { email: `${role}@example.com`, name: role, role };
    const { id } = (await (await send(platform.operatorKey, 'POST', '/api/v1/users', person)).json()) as { id: string };
    const { key } = await createKey({ user_id: id });
    holders.push({ name: `a person's key, role ${role}`, key, expected: byScopes(ROLE_SCOPES[role]) });
  }
  const { initSecret } = JSON.parse(readFileSync(join(platform.stateDir, 'secrets.json'), 'utf8')) as {
    readonly initSecret: string;
  };
  const always = (verdict: 'refused' | 'unknown') => () => verdict;
  holders.push(
    { name: 'the operator', key: platform.operatorKey, expected: ofOperator },
    { name: 'the one-time secret', key: initSecret, expected: ofInit },
    { name: 'nobody', key: undefined, expected: always('unknown') },
    { name: 'a revoked key', key: revoked.key, expected: always('unknown') },
    { name: 'an expired key', key: dying.key, expected: always('unknown') },
    { name: 'a malformed key', key: `${dying.key.slice(0, -7)}aaaaaaa`, expected: always('unknown') },
    { name: "a tenant's key that was never made", key: createUnknownKey('sk'), expected: always('unknown') },
    { name: "an operator's key that was never made", key: createUnknownKey('op'), expected: always('unknown') },
    { name: "another tenant's key", key: foreign.key, expected: always('refused'), isForeign: true },
  );
  // The checksum of what was never made is right: it is looked up.
  expect(await (await send(createUnknownKey('sk'), 'GET', '/v1/models')).text()).toContain('it is unknown');
  await waitFor(async () => (await send(dying.key, 'GET', '/v1/models')).status === 401, {
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
    'scope' in auth && scopes.includes(auth.scope) ? ('allowed' as const) : ('refused' as const);
const ofOperator = ({ auth }: Route) => (auth.kind === 'operator' || auth.kind === 'tenant' ? 'allowed' : 'refused');
const ofInit = ({ auth }: Route) => (auth.kind === 'init' ? 'allowed' : 'refused');

async function createKey(wanted: object): Promise<{ readonly id: string; readonly key: string }> {
  const body = { name: 'k', scopes: SCOPES, ...wanted };
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

/** What the edge says before anything is done: the words are those of `authorise` and of the authenticator. */
const REFUSALS =
  /lacks the scope|acts for a tenant: call it|Only the platform operator may|Only the one-time secret|acts for its own tenant/;

/** Asks for nothing that exists, with a body that no route takes: whoever may is told so in other words. */
async function verdictOf(route: Route, { key, isForeign }: Holder): Promise<string> {
  const path = route.path.replace('{tenant_id}', tenantId).replaceAll(/\{\w+\}/g, NO_ROW);
  const body = route.body === undefined ? undefined : { 'no such field': true };
  const answer = await send(key, route.method, path, body, isForeign);
  const text = await answer.text();
  if (answer.status >= 500) return `failed with ${answer.status}`;
  if (answer.status === 401) return 'unknown';
  return answer.status === 403 && REFUSALS.test(text) ? 'refused' : 'allowed';
}

const guarded = PUBLIC_ROUTES.filter(({ auth }) => auth.kind !== 'none' && auth.kind !== 'signed-url');

describe('every route', () => {
  it('is for those whom its contract names: each scope, each role, operators, and keys that are no more', async () => {
    const cases = guarded.flatMap((route) => holders.map((holder) => ({ route, holder })));
    expect(guarded.length).toBeGreaterThan(50);
    expect(holders.length).toBeGreaterThan(SCOPES.length + ROLES.length);
    const wrong: string[] = [];
    for (let at = 0; at < cases.length; at += AT_ONCE) {
      await Promise.all(
        cases.slice(at, at + AT_ONCE).map(async ({ route, holder }) => {
          const verdict = await verdictOf(route, holder);
          const expected = holder.expected(route);
          if (verdict !== expected) wrong.push(`${route.name}: ${holder.name} is ${verdict}, not ${expected}`);
        }),
      );
    }
    expect(wrong).toEqual([]);
  }, 60_000);
});
