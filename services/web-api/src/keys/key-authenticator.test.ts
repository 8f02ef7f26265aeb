import { ROLES, ROLE_SCOPES, SCOPES } from '@aion/contracts';
import { AuthenticationError } from '@aion/errors';
import { generateApiKey } from './api-key-format.ts';
import { createKeyAuthenticator } from './key-authenticator.ts';
import type { StoredApiKey } from './key-directory.ts';
import { hashApiKey } from './key-hash.ts';

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
    key_hash: hashApiKey(key, PEPPER),
    ...change,
  };
  const looked: string[] = [];
  const operator = generateApiKey('op');
  const storedOperator = {
    id: OPERATOR_ID,
    expires_at: null,
    revoked_at: null,
    key_hash: hashApiKey(operator.key, PEPPER),
  };
  const directoryOf = <K>(known: string, found: K) => ({
    find: async (asked: string) => {
      looked.push(asked);
      return asked === known ? found : undefined;
    },
  });
  const authenticator = createKeyAuthenticator({
    keys: directoryOf(prefix, stored),
    operators: directoryOf(operator.prefix, storedOperator),
    pepper: PEPPER,
    initSecret: INIT_SECRET,
    now: () => NOW,
  });
  return {
    key,
    operatorKey: operator.key,
    looked,
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
    const { key, authenticate } = setUp();
    expect(await authenticate(key)).toEqual({
      kind: 'key',
      keyId: '01890a5d-ac96-774b-bcce-b302099a8057',
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
