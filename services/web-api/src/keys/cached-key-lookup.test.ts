import { createCachedKeyLookup, type StoredApiKey } from './cached-key-lookup.ts';

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
  const lookups: string[] = [];
  const takesMs: number[] = [];
  let fail = false;
  const lookup = createCachedKeyLookup({
    now: () => nowMs,
    ...(options.maxEntries === undefined ? {} : { maxEntries: options.maxEntries }),
    lookUp: async (prefix) => {
      lookups.push(prefix);
      nowMs += takesMs.shift() ?? 0;
      if (fail) throw new Error('no database');
      return options.missing === true ? undefined : stored(prefix);
    },
  });
  return {
    lookups,
    takesMs,
    find: (prefix: string) => lookup.find(prefix, []),
    at: (ms: number) => (nowMs = ms),
    failing: (value: boolean) => (fail = value),
  };
}

describe('createCachedKeyLookup', () => {
  it('caches a key for less than one second, so that a revoked key is rejected within a second', async () => {
    const { find, lookups, at } = setUp();
    await find('a');
    at(999);
    await find('a');
    expect(lookups).toEqual(['a']);
    at(1_000);
    await find('a');
    expect(lookups).toEqual(['a', 'a']);
  });

  it('caches for a shorter time that a key does not exist', async () => {
    const { find, lookups, at } = setUp({ missing: true });
    expect(await find('a')).toBeUndefined();
    at(249);
    await find('a');
    expect(lookups).toHaveLength(1);
    at(250);
    await find('a');
    expect(lookups).toHaveLength(2);
  });

  it('looks a prefix up once for concurrent callers', async () => {
    const { find, lookups } = setUp();
    const found = await Promise.all([find('a'), find('a'), find('b'), find('a')]);
    expect(lookups).toEqual(['a', 'b']);
    expect(found.map((key) => key?.prefix)).toEqual(['a', 'a', 'b', 'a']);
  });

  it('repeats a lookup that took a second, since the key may have been revoked meanwhile', async () => {
    const { find, lookups, at, takesMs } = setUp();
    takesMs.push(1_000, 999);
    expect((await find('a'))?.prefix).toBe('a');
    expect(lookups).toEqual(['a', 'a']);
    takesMs.push(1_500, 1_500, 1_500);
    at(10_000);
    await expect(find('a')).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 1 });
    expect(lookups).toHaveLength(5);
  });

  it('does not cache a failure', async () => {
    const { find, lookups, failing } = setUp();
    failing(true);
    await expect(find('a')).rejects.toThrow('no database');
    failing(false);
    expect((await find('a'))?.prefix).toBe('a');
    expect(lookups).toEqual(['a', 'a']);
  });

  it('evicts the least recently used key when it is full', async () => {
    const { find, lookups } = setUp({ maxEntries: 2 });
    for (const prefix of ['a', 'b', 'a', 'c', 'a', 'b']) await find(prefix);
    expect(lookups).toEqual(['a', 'b', 'c', 'b']);
  });
});
