import { ROLES, ROLE_SCOPES, SCOPES } from '@aion/contracts';
import { AuthenticationError, UnavailableError } from '@aion/errors';
import { generateApiKey } from './api-key-format.ts';
import { createKeyAuthenticator } from './key-authenticator.ts';
import type { StoredApiKey, StoredOperator } from './key-directory.ts';
import { hashApiKey } from './key-hash.ts';
import { createKeyUses } from './key-uses.ts';

const PEPPER = 'a pepper of at least thirty-two characters';
const INIT_SECRET = 'a one-time secret of at least thirty-two characters';
const OPERATOR_ID = '01890a5d-ac96-774b-bcce-b302099a8059';
const NOW = Date.parse('2026-06-01T00:00:00.000Z');

function setUp(change: Partial<StoredApiKey> = {}) {
  const { key, prefix } = generateApiKey('sk');
  const stored: StoredApiKey = {
    id: '01890a5d-ac96-774b-bcce-b302099a8057',
    tenant_id: '01890a5d-ac96-774b-bcce-b302099a8058',
    project_id: null,
    user_id: null,
    role: null,
    tenant_state: 'active',
    name: 'a key',
    prefix,
    scopes: ['inference'],
    created_at: '2026-01-31T12:00:00.000Z',
    expires_at: null,
    revoked_at: null,
    last_used_on: null,
    last_refused_on: null,
    key_hash: hashApiKey(key, PEPPER),
    ...change,
  };
  const looked: string[] = [];
  const operator = generateApiKey('op');
  const storedOperator = {
    id: OPERATOR_ID,
    expires_at: null,
    revoked_at: null,
    last_used_on: null,
    last_refused_on: null,
    key_hash: hashApiKey(operator.key, PEPPER),
  };
  const uses: (readonly [id: string, accepted: boolean])[] = [];
  const failure: { error?: Error } = {};
  const usesOf = <K extends StoredOperator>() =>
    createKeyUses<K>({
      record: async ({ id }, accepted) => {
        if (failure.error !== undefined) throw failure.error;
        uses.push([id, accepted]);
      },
      now: () => NOW,
    });
  const directoryOf = <K>(known: string, found: K) => ({
    find: async (asked: string) => {
      looked.push(asked);
      return asked === known ? found : undefined;
    },
  });
  const authenticator = createKeyAuthenticator({
    keys: directoryOf(prefix, stored),
    keyUses: usesOf(),
    operators: directoryOf(operator.prefix, storedOperator),
    operatorUses: usesOf(),
    pepper: PEPPER,
    initSecret: INIT_SECRET,
    now: () => NOW,
  });
  return {
    key,
    stored,
    operatorKey: operator.key,
    looked,
    uses,
    failure,
    identify: () => authenticator.identify(prefix, []),
    authenticate: (sent: string | undefined) => authenticator.authenticate(sent, []),
  };
}

async function refusal(attempt: Promise<unknown>): Promise<string> {
  const error: unknown = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AuthenticationError);
  return error instanceof Error ? error.message : '';
}

describe('authentication', () => {
  it('knows the holder of a genuine key with tenant and scopes', async () => {
    const { key, stored, authenticate } = setUp();
    expect(await authenticate(key)).toEqual({
      kind: 'key',
      keyId: '01890a5d-ac96-774b-bcce-b302099a8057',
      prefix: stored.prefix,
      tenantId: '01890a5d-ac96-774b-bcce-b302099a8058',
      scopes: ['inference'],
    });
  });

  it('knows an operator by the key, and a key of tenants is none', async () => {
    const { operatorKey, authenticate } = setUp();
    expect(await authenticate(operatorKey)).toEqual({ kind: 'operator', operatorId: OPERATOR_ID });
    expect(await refusal(authenticate(generateApiKey('op').key))).toContain('not valid');
  });

  it('knows the holder of the one-time secret without a look-up', async () => {
    const { looked, authenticate } = setUp();
    expect(await authenticate(INIT_SECRET)).toEqual({ kind: 'init' });
    expect(looked).toEqual([]);
  });

  it.each(ROLES)('lets the key of a person do what both its scopes and the role %s allow', async (role) => {
    const userId = '01890a5d-ac96-774b-bcce-b302099a805a';
    const { key, authenticate } = setUp({ user_id: userId, role, scopes: [...SCOPES] });
    expect(await authenticate(key)).toMatchObject({ userId, scopes: ROLE_SCOPES[role] });
    const narrow = setUp({ user_id: userId, role, scopes: ['usage:read'] });
    expect(await narrow.authenticate(narrow.key)).toMatchObject({ scopes: ['usage:read'] });
  });

  it('refuses the key of a person who is in the tenant no more', async () => {
    const { key, authenticate } = setUp({ user_id: OPERATOR_ID, role: null });
    expect(await refusal(authenticate(key))).toContain('not valid');
  });

  it('refuses keys of a tenant that is closed or being erased, and marks those of one that is read-only', async () => {
    for (const state of ['closed', 'erasing'] as const) {
      const { key, authenticate } = setUp({ tenant_state: state });
      await expect(authenticate(key)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    }
    const { key, authenticate } = setUp({ tenant_state: 'read_only' });
    expect(await authenticate(key)).toMatchObject({ isReadOnly: true });
  });

  it('says how to send a key when there is none', async () => {
    expect(await refusal(setUp().authenticate(undefined))).toContain('Authorization: Bearer aion_sk_');
  });

  it('refuses a mistyped key without a look-up and says that it is malformed', async () => {
    const { key, looked, authenticate } = setUp();
    expect(await refusal(authenticate(key.slice(0, -1)))).toContain('malformed');
    expect(looked).toEqual([]);
  });

  it('answers unknown, wrong, expired and revoked keys with one message', async () => {
    const wrong = setUp({ key_hash: hashApiKey('another', PEPPER) });
    const expired = setUp({ expires_at: new Date(NOW).toISOString() });
    const revoked = setUp({ revoked_at: new Date(NOW - 1).toISOString() });
    const messages = [
      await refusal(setUp().authenticate(generateApiKey('sk').key)),
      await refusal(wrong.authenticate(wrong.key)),
      await refusal(expired.authenticate(expired.key)),
      await refusal(revoked.authenticate(revoked.key)),
    ];
    expect(new Set(messages).size).toBe(1);
    expect(messages[0]).toContain('not valid');
  });

  it('takes a key until the moment it expires', async () => {
    const { key, authenticate } = setUp({ expires_at: new Date(NOW + 1).toISOString() });
    expect((await authenticate(key)).kind).toBe('key');
  });
});

describe('the use of a key', () => {
  const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
  const TODAY = '2026-06-01';
  const YESTERDAY = '2026-05-31';
  const revoked = { revoked_at: new Date(NOW - 1).toISOString() };

  it('is recorded before the key opens anything, and once for what a directory has found', async () => {
    const { key, operatorKey, uses, authenticate } = setUp({ last_used_on: YESTERDAY });
    await Promise.all([authenticate(key), authenticate(key)]);
    await authenticate(key);
    expect(uses).toEqual([[ID, true]]);
    await authenticate(operatorKey);
    expect(uses).toEqual([
      [ID, true],
      [OPERATOR_ID, true],
    ]);
  });

  it('is not recorded again on a day on which it was', async () => {
    const { key, uses, authenticate } = setUp({ last_used_on: TODAY });
    await authenticate(key);
    const refused = setUp({ ...revoked, last_refused_on: TODAY });
    await refusal(refused.authenticate(refused.key));
    expect([...uses, ...refused.uses]).toEqual([]);
  });

  it.each<[string, Partial<StoredApiKey>]>([
    ['revoked', revoked],
    ['expired', { expires_at: new Date(NOW).toISOString() }],
    ['of a person who has left', { user_id: OPERATOR_ID, role: null }],
  ])('is recorded as refused when the key is %s', async (_name, change) => {
    // That it was accepted today says nothing of what has been refused.
    const { key, uses, authenticate } = setUp({ ...change, last_used_on: TODAY });
    await refusal(authenticate(key));
    expect(uses).toEqual([[ID, false]]);
  });

  it("is nobody's whose secret is wrong, and is not added to the trail of a tenant that is gone", async () => {
    const wrong = setUp({ key_hash: hashApiKey('another', PEPPER) });
    await refusal(wrong.authenticate(wrong.key));
    const closed = setUp({ tenant_state: 'erasing' });
    await expect(closed.authenticate(closed.key)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    expect([...wrong.uses, ...closed.uses]).toEqual([]);
  });

  it('that cannot be recorded opens nothing, and is recorded when it can be', async () => {
    const { key, uses, failure, authenticate } = setUp();
    failure.error = new UnavailableError('no database');
    await expect(authenticate(key)).rejects.toThrow('no database');
    delete failure.error;
    await authenticate(key);
    expect(uses).toEqual([[ID, true]]);
  });
});

describe('a holder who was proven before', () => {
  it('is known by the prefix for as long as the key is good', async () => {
    const { key, uses, authenticate, identify } = setUp();
    expect(await identify()).toEqual(await authenticate(key));
    expect(uses).toHaveLength(1);
    for (const change of [
      { revoked_at: new Date(NOW - 1).toISOString() },
      { expires_at: new Date(NOW).toISOString() },
      { user_id: OPERATOR_ID, role: null },
    ]) {
      await refusal(setUp(change).identify());
    }
    await expect(setUp({ tenant_state: 'closed' }).identify()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });
});
