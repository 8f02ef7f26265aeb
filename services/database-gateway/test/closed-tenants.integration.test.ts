import { internalRoute, routes } from '@aion/contracts';
import { createManagementRoutes } from '../src/create-management-routes.ts';
import { createManagement, holderOf, operatorFor, SETTINGS, type CallManagement } from './support/management.ts';
import { createMigratedDatabase, createTestTenant, type MigratedDatabase } from './support/test-database.ts';

/** Routes by which the operator changes the platform instead of one tenant. */
const OF_PLATFORM = /perator|createTenant$|initPlatform|SealingKeys|OutboxRow/;

let db: MigratedDatabase;
let call: CallManagement;
beforeAll(async () => {
  db = await createMigratedDatabase();
  call = createManagement(db.database);
});
afterAll(() => db.drop());

describe.each(['closed', 'erasing'])('tenant in the state %s', (state) => {
  const close = async () => {
    const tenant = await createTestTenant(db.database);
    await call(internalRoute(routes.projects.create), holderOf(tenant), { body: { name: 'Old' } });
    await db.sql('UPDATE tenants SET state = $2 WHERE id = $1', [tenant.tenantId, state]);
    return tenant;
  };

  it('rejects changes by the operator on every route', async () => {
    const { tenantId } = await close();
    const routes = createManagementRoutes(db.database, SETTINGS).filter(
      ({ route }) => route.method !== 'GET' && !OF_PLATFORM.test(route.name),
    );
    expect(routes.length).toBeGreaterThan(20);
    for (const bound of routes) {
      // Rejected before params, query and body are used.
      const request = {
        params: {},
        query: {},
        body: {},
        identity: { kind: 'service', service: 'web-api', caller: operatorFor(tenantId) },
      };
      const sent = { ...request, signal: new AbortController().signal };
      const rejection = await bound
        .handle(sent as never, { setHeader: () => undefined })
        .catch((error: unknown) => error);
      expect([bound.route.name, rejection]).toEqual([
        bound.route.name,
        expect.objectContaining({ code: 'CONFLICT', message: expect.stringContaining(state) }),
      ]);
    }
  });

  it('can be read by the operator', async () => {
    const { tenantId } = await close();
    const operator = operatorFor(tenantId);
    expect(
      (await call(internalRoute(routes.tenants.get), operator, { params: { tenant_id: tenantId } })).answer.state,
    ).toBe(state);
    expect((await call(internalRoute(routes.projects.list), operator)).answer.data).toHaveLength(1);
  });
});
