import { createDownloadLinks } from './download-links.ts';

const PATHNAME = '/api/v1/exports/01890a5d-ac96-774b-bcce-b302099a8057/file';
const TENANT = '01890a5d-ac96-774b-bcce-b302099a8058';
const PREFIX = 'abcdefghijkl';
const EXPIRES = 1_800_000_000;

function setUp(nowMs = EXPIRES * 1_000 - 1) {
  const links = createDownloadLinks({ secret: 'a download secret of 32 characters', now: () => nowMs });
  const url = new URL(
    links.sign({ pathname: PATHNAME, tenantId: TENANT, keyPrefix: PREFIX, expires: EXPIRES, file: 'data/a b&c.age' }),
    'http://host',
  );
  const query: Record<string, unknown> = Object.fromEntries(url.searchParams);
  return { links, pathname: url.pathname, query };
}

describe('a download link', () => {
  it('identifies its tenant and the key that created it until it expires', () => {
    const { links, pathname, query } = setUp();
    expect(query['path']).toBe('data/a b&c.age');
    expect(links.verify(pathname, query)).toEqual({ tenantId: TENANT, keyPrefix: PREFIX });
  });

  it('has a signature of the form that the contract requires', () => {
    expect(setUp().query['signature']).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it.each<[string, (query: Record<string, unknown>) => Record<string, unknown>, string?]>([
    ['another tenant', (query) => ({ ...query, tenant: TENANT.replace('8058', '8059') })],
    ['another key', (query) => ({ ...query, key: 'mnopqrstuvwx' })],
    ['no key', ({ key: _key, ...query }) => query],
    ['another file', (query) => ({ ...query, path: 'data/b.age' })],
    ['no file', ({ path: _path, ...query }) => query],
    ['a later expiry', (query) => ({ ...query, expires: String(EXPIRES + 1) })],
    ['the same expiry in another notation', (query) => ({ ...query, expires: `${EXPIRES}.0` })],
    ['another signature', (query) => ({ ...query, signature: 'A'.repeat(43) })],
    ['no signature', ({ signature: _signature, ...query }) => query],
    ['no parameters', () => ({})],
    ['a repeated parameter', (query) => ({ ...query, path: [query['path'], 'data/b.age'] })],
    ['another route', (query) => query, PATHNAME.replace('/file', '/archive')],
    ['another export', (query) => query, PATHNAME.replace('8057', '8059')],
  ])('is rejected with %s', (_name, change, pathname = PATHNAME) => {
    const { links, query } = setUp();
    expect(() => links.verify(pathname, change(query))).toThrow(/expired or was changed/);
  });

  it('is rejected from the second in which it expires, with the same message', () => {
    const { links, pathname, query } = setUp(EXPIRES * 1_000);
    expect(() => links.verify(pathname, query)).toThrow(/^The link has expired or was changed; create a new one\.$/);
  });

  it('is rejected when it was signed with another secret', () => {
    const { pathname, query } = setUp();
    const other = createDownloadLinks({ secret: 'another secret', now: () => 0 });
    expect(() => other.verify(pathname, query)).toThrow(/expired or was changed/);
  });
});
