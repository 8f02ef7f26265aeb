import { PUBLIC_ROUTES, internalRoute, type Caller, type Route } from '@aion/contracts';
import { v4 as uuidv4, v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { createManagement, holderOf, operatorFor, type CallManagement } from './support/management.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

let db: MigratedDatabase;
let call: CallManagement;
let owner: Caller;
beforeAll(async () => {
  db = await createMigratedDatabase();
  call = createManagement(db.database);
  owner = holderOf(await createTestTenant(db.database));
});
afterAll(() => db.drop());

const LISTS = PUBLIC_ROUTES.filter(
  ({ method, query }) => method === 'GET' && query instanceof z.ZodObject && 'cursor' in query.shape,
);
const UUIDS = [uuidv7(), uuidv4(), '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];
const NUMBERS = ['0', '1', '999999999999999'];
const NEITHER = ['', '-1', '1.5', '9'.repeat(16), '1e3', 'x', uuidv7().toUpperCase(), `${uuidv7()} `, "' OR true --"];

/** Returns the name of a list: the last segment of its path. */
const nameOf = ({ path }: Route) => path.split('/').at(-1) ?? '';

async function codeOf(route: Route, query: Record<string, string>): Promise<string> {
  const caller = route.auth.kind === 'operator' ? operatorFor(null) : owner;
  return call(internalRoute(route), caller, { query }).then(
    () => 'OK',
    (error: unknown) => {
      const { code, param } = error as { code?: string; param?: string }; // an error of any type is reported
      return `${code ?? String(error)} ${param ?? ''}`;
    },
  );
}

describe('list', () => {
  it('of every kind is covered by these tests', () => {
    expect(LISTS.length).toBeGreaterThan(12);
  });

  it.each(LISTS.map((route) => [route.name, route] as const))(
    'rejects forged cursors with positions of another type: %s',
    async (_name, route) => {
      const codes = async (positions: readonly string[], list = nameOf(route)) => {
        const orders = ['asc', 'desc'].flatMap((order) => positions.map((position) => ({ order, position })));
        const cursorOf = (position: string) => Buffer.from(`${list}:${position}`).toString('base64url');
        return Promise.all(orders.map(({ order, position }) => codeOf(route, { order, cursor: cursorOf(position) })));
      };
      const rejected = 'INVALID_REQUEST cursor';
      const [ofUuids, ofNumbers] = [await codes(UUIDS), await codes(NUMBERS)];
      const isNumbered = ofNumbers.includes('OK');
      expect(new Set(ofUuids)).toEqual(new Set([isNumbered ? rejected : 'OK']));
      expect(new Set(ofNumbers)).toEqual(new Set([isNumbered ? 'OK' : rejected]));
      expect(new Set(await codes(NEITHER))).toEqual(new Set([rejected]));
      expect(new Set(await codes([...UUIDS, ...NUMBERS], 'others'))).toEqual(new Set([rejected]));
    },
  );
});
