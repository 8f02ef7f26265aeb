import { fillPath } from './fill-path.ts';

const route = { path: '/api/v1/users/{user_id}/keys/{key_id}' };

describe('fillPath', () => {
  it('encodes each parameter of the path', () => {
    expect(fillPath(route, { user_id: 'a/b', key_id: 7 })).toBe('/api/v1/users/a%2Fb/keys/7');
  });

  it('rejects a path parameter without a value', () => {
    expect(() => fillPath(route, { user_id: 'a' })).toThrow('needs a value for {key_id}');
  });

  it('appends the query, with one pair per item of an array and without undefined fields', () => {
    const query = { limit: 2, all: true, state: ['ready', 'failed'], cursor: undefined };
    expect(fillPath({ path: '/exports' }, undefined, query)).toBe('/exports?limit=2&all=true&state=ready&state=failed');
  });

  it('returns the path alone for an empty query', () => {
    expect(fillPath({ path: '/exports' }, {}, {})).toBe('/exports');
  });
});
