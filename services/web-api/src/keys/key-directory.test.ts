import { createKeyDirectory, type StoredApiKey } from './key-directory.ts';

const stored = (prefix: string): StoredApiKey => ({
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
  key_hash: '0'.repeat(64),
});

function setUp(options: { readonly missing?: boolean; readonly maxEntries?: number } = {}) {
  let nowMs = 0;
  const looked: string[] = [];
  const takesMs: number[] = [];
  let fail = false;
  const directory = createKeyDirectory({
    now: () => nowMs,
    ...(options.maxEntries === undefined ? {} : { maxEntries: options.maxEntries }),
    lookUp: async (prefix) => {
      looked.push(prefix);
      nowMs += takesMs.shift() ?? 0;
      if (fail) throw new Error('no database');
      return options.missing === true ? undefined : stored(prefix);
    },
  });
  return {
    looked,
    takesMs,
    find: (prefix: string) => directory.find(prefix, []),
    at: (ms: number) => (nowMs = ms),
    failing: (value: boolean) => (fail = value),
  };
}

describe('the key directory', () => {
  it('remembers a key for less than one second, so that a revoked key ends within it', async () => {
    const { find, looked, at } = setUp();
    await find('a');
    at(999);
    await find('a');
    expect(looked).toEqual(['a']);
    at(1_000);
    await find('a');
    expect(looked).toEqual(['a', 'a']);
  });

  it('remembers for a shorter time that there is no such key', async () => {
    const { find, looked, at } = setUp({ missing: true });
    expect(await find('a')).toBeUndefined();
    at(249);
    await find('a');
    expect(looked).toHaveLength(1);
    at(250);
    await find('a');
    expect(looked).toHaveLength(2);
  });

  it('looks one prefix up once for callers that ask at the same time', async () => {
    const { find, looked } = setUp();
    const found = await Promise.all([find('a'), find('a'), find('b'), find('a')]);
    expect(looked).toEqual(['a', 'b']);
    expect(found.map((key) => key?.prefix)).toEqual(['a', 'a', 'b', 'a']);
  });

  it('looks again when the answer took a second, since the key may have been revoked meanwhile', async () => {
    const { find, looked, at, takesMs } = setUp();
    takesMs.push(1_000, 999);
    expect((await find('a'))?.prefix).toBe('a');
    expect(looked).toEqual(['a', 'a']);
    takesMs.push(1_500, 1_500, 1_500);
    at(10_000);
    await expect(find('a')).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 1 });
    expect(looked).toHaveLength(5);
  });

  it('does not remember a failure', async () => {
    const { find, looked, failing } = setUp();
    failing(true);
    await expect(find('a')).rejects.toThrow('no database');
    failing(false);
    expect((await find('a'))?.prefix).toBe('a');
    expect(looked).toEqual(['a', 'a']);
  });

  it('holds a bounded number of keys and lets the least recently used one go', async () => {
    const { find, looked } = setUp({ maxEntries: 2 });
    for (const prefix of ['a', 'b', 'a', 'c', 'a', 'b']) await find(prefix);
    expect(looked).toEqual(['a', 'b', 'c', 'b']);
  });
});
