import { AuthenticationError } from '@aion/errors';
import { generateApiKey } from './api-key-format.ts';
import { createKeyAuthenticator } from './key-authenticator.ts';
import type { StoredApiKey } from './key-directory.ts';
import { hashApiKey } from './key-hash.ts';

const PEPPER = 'a pepper of at least thirty-two characters';
const OPERATOR_KEY = 'an operator key of at least thirty-two characters';
const NOW = Date.parse('2026-06-01T00:00:00.000Z');

function setUp(change: Partial<StoredApiKey> = {}) {
  const { key, prefix } = generateApiKey();
  const stored: StoredApiKey = {
    id: '01890a5d-ac96-774b-bcce-b302099a8057',
    tenant_id: '01890a5d-ac96-774b-bcce-b302099a8058',
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
  const directory = {
    find: async (asked: string) => {
      looked.push(asked);
      return asked === prefix ? stored : undefined;
    },
  };
  const authenticator = createKeyAuthenticator({
    directory,
    pepper: PEPPER,
    operatorKey: OPERATOR_KEY,
    now: () => NOW,
  });
  return { key, looked, authenticate: (sent: string | undefined) => authenticator.authenticate(sent, []) };
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

  it('knows the operator without a look-up', async () => {
    const { looked, authenticate } = setUp();
    expect(await authenticate(OPERATOR_KEY)).toEqual({ kind: 'operator' });
    expect(looked).toEqual([]);
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
      await refusal(setUp().authenticate(generateApiKey().key)),
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
