import { ROLES, ROLE_SCOPES, SCOPES } from '@aion/contracts';
import { AuthenticationError, UnavailableError } from '@aion/errors';
import { generateApiKey } from './api-key.ts';
import { createKeyAuthenticator } from './key-authenticator.ts';
import type { StoredApiKey, StoredOperator } from './cached-key-lookup.ts';
import { hashApiKey } from './hash-api-key.ts';
import { createKeyUsageRecorder } from './key-usage-recorder.ts';

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
  const lookups: string[] = [];
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
    createKeyUsageRecorder<K>({
      record: async ({ id }, accepted) => {
        if (failure.error !== undefined) throw failure.error;
        uses.push([id, accepted]);
      },
      now: () => NOW,
    });
  const lookupOf = <K>(known: string, found: K) => ({
    find: async (prefix: string) => {
      lookups.push(prefix);
      return prefix === known ? found : undefined;
    },
  });
  const authenticator = createKeyAuthenticator({
    keys: lookupOf(prefix, stored),
    keyUsage: usesOf(),
    operators: lookupOf(operator.prefix, storedOperator),
    operatorUsage: usesOf(),
    pepper: PEPPER,
    initSecret: INIT_SECRET,
    now: () => NOW,
  });
  return {
    key,
    stored,
    operatorKey: operator.key,
    lookups,
    uses,
    failure,
    identify: () => authenticator.identify(prefix, []),
    authenticate: (sent: string | undefined) => authenticator.authenticate(sent, []),
  };
}

async function rejectionOf(attempt: Promise<unknown>): Promise<string> {
  const error: unknown = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AuthenticationError);
  return error instanceof Error ? error.message : '';
}

describe('authenticate', () => {
  it('returns the tenant and the scopes of a genuine key', async () => {
    const { key, stored, authenticate } = setUp();
    expect(await authenticate(key)).toEqual({
      kind: 'key',
      keyId: '01890a5d-ac96-774b-bcce-b302099a8057',
      prefix: stored.prefix,
      tenantId: '01890a5d-ac96-774b-bcce-b302099a8058',
      scopes: ['inference'],
    });
  });

  it('returns an operator for an operator key, and rejects an unknown operator key', async () => {
    const { operatorKey, authenticate } = setUp();
    expect(await authenticate(operatorKey)).toEqual({ kind: 'operator', operatorId: OPERATOR_ID });
    expect(await rejectionOf(authenticate(generateApiKey('op').key))).toContain('not valid');
  });

  it('accepts the one-time secret without a lookup', async () => {
    const { lookups, authenticate } = setUp();
    expect(await authenticate(INIT_SECRET)).toEqual({ kind: 'init' });
    expect(lookups).toEqual([]);
  });

  it.each(ROLES)('limits the scopes of a user key to those of the role %s', async (role) => {
    const userId = '01890a5d-ac96-774b-bcce-b302099a805a';
    const { key, authenticate } = setUp({ user_id: userId, role, scopes: [...SCOPES] });
    expect(await authenticate(key)).toMatchObject({ userId, scopes: ROLE_SCOPES[role] });
    const narrow = setUp({ user_id: userId, role, scopes: ['usage:read'] });
    expect(await narrow.authenticate(narrow.key)).toMatchObject({ scopes: ['usage:read'] });
  });

  it('rejects the key of a user who has left the tenant', async () => {
    const { key, authenticate } = setUp({ user_id: OPERATOR_ID, role: null });
    expect(await rejectionOf(authenticate(key))).toContain('not valid');
  });

  it('rejects keys of a tenant that is closed or being erased, and marks those of a read-only tenant', async () => {
    for (const state of ['closed', 'erasing'] as const) {
      const { key, authenticate } = setUp({ tenant_state: state });
      await expect(authenticate(key)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    }
    const { key, authenticate } = setUp({ tenant_state: 'read_only' });
    expect(await authenticate(key)).toMatchObject({ isReadOnly: true });
  });

  it('explains how to send a key when the header is missing', async () => {
    expect(await rejectionOf(setUp().authenticate(undefined))).toContain('Authorization: Bearer aion_sk_');
  });

  it('rejects a mistyped key as malformed, without a lookup', async () => {
    const { key, lookups, authenticate } = setUp();
    expect(await rejectionOf(authenticate(key.slice(0, -1)))).toContain('malformed');
    expect(lookups).toEqual([]);
  });

  it('rejects unknown, wrong, expired and revoked keys with the same message', async () => {
    const wrong = setUp({ key_hash: hashApiKey('another', PEPPER) });
    const expired = setUp({ expires_at: new Date(NOW).toISOString() });
    const revoked = setUp({ revoked_at: new Date(NOW - 1).toISOString() });
    const messages = [
      await rejectionOf(setUp().authenticate(generateApiKey('sk').key)),
      await rejectionOf(wrong.authenticate(wrong.key)),
      await rejectionOf(expired.authenticate(expired.key)),
      await rejectionOf(revoked.authenticate(revoked.key)),
    ];
    expect(new Set(messages).size).toBe(1);
    expect(messages[0]).toContain('not valid');
  });

  it('accepts a key until the moment it expires', async () => {
    const { key, authenticate } = setUp({ expires_at: new Date(NOW + 1).toISOString() });
    expect((await authenticate(key)).kind).toBe('key');
  });
});

describe('the use of a key', () => {
  const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
  const TODAY = '2026-06-01';
  const YESTERDAY = '2026-05-31';
  const revoked = { revoked_at: new Date(NOW - 1).toISOString() };

  it('is recorded before the key is accepted, and once per cached lookup', async () => {
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

  it('is not recorded again on the same day', async () => {
    const { key, uses, authenticate } = setUp({ last_used_on: TODAY });
    await authenticate(key);
    const refused = setUp({ ...revoked, last_refused_on: TODAY });
    await rejectionOf(refused.authenticate(refused.key));
    expect([...uses, ...refused.uses]).toEqual([]);
  });

  it.each<[string, Partial<StoredApiKey>]>([
    ['revoked', revoked],
    ['expired', { expires_at: new Date(NOW).toISOString() }],
    ['of a user who has left', { user_id: OPERATOR_ID, role: null }],
  ])('is recorded as rejected when the key is %s', async (_name, change) => {
    // An acceptance on the same day does not replace the record of a rejection.
    const { key, uses, authenticate } = setUp({ ...change, last_used_on: TODAY });
    await rejectionOf(authenticate(key));
    expect(uses).toEqual([[ID, false]]);
  });

  it('is not recorded for a wrong secret, nor for a tenant that is being erased', async () => {
    const wrong = setUp({ key_hash: hashApiKey('another', PEPPER) });
    await rejectionOf(wrong.authenticate(wrong.key));
    const closed = setUp({ tenant_state: 'erasing' });
    await expect(closed.authenticate(closed.key)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    expect([...wrong.uses, ...closed.uses]).toEqual([]);
  });

  it('fails while it cannot be recorded, and is recorded by the next attempt', async () => {
    const { key, uses, failure, authenticate } = setUp();
    failure.error = new UnavailableError('no database');
    await expect(authenticate(key)).rejects.toThrow('no database');
    delete failure.error;
    await authenticate(key);
    expect(uses).toEqual([[ID, true]]);
  });
});

describe('identify', () => {
  it('returns the holder of a prefix while the key is valid', async () => {
    const { key, uses, authenticate, identify } = setUp();
    expect(await identify()).toEqual(await authenticate(key));
    expect(uses).toHaveLength(1);
    for (const change of [
      { revoked_at: new Date(NOW - 1).toISOString() },
      { expires_at: new Date(NOW).toISOString() },
      { user_id: OPERATOR_ID, role: null },
    ]) {
      await rejectionOf(setUp(change).identify());
    }
    await expect(setUp({ tenant_state: 'closed' }).identify()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });
});
