import { Writable } from 'node:stream';
import { CALLER_HEADER, defineRoute, serviceCaller, type Caller } from '@aion/contracts';
import { createLogger } from '@aion/logging';
import { createMetrics } from '@aion/metrics';
import { z } from 'zod';
import {
  admitServices,
  bindRoute,
  createApp,
  createServiceClient,
  createServiceTokens,
  listen,
  requireCaller,
  requireTenantCaller,
  type HttpServer,
  type ServiceClient,
} from '../src/index.ts';

const define = (path: string) =>
  defineRoute({
    name: path,
    service: 'database-gateway',
    method: 'GET',
    path,
    summary: 'Return the caller',
    description: 'Returns the caller.',
    auth: { kind: 'service' },
    response: { status: 200, description: 'The caller.', json: z.object({ caller: z.unknown() }) },
    errors: [],
    idempotent: false,
  });
const TENANT_ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const anyCaller = define('/any');
const tenantCaller = define('/tenant');
const metrics = createMetrics({ service: 'test', version: '0', enabled: true });
const tokens = createServiceTokens({ secret: 's'.repeat(32), service: 'database-gateway' });
let server: HttpServer;
let client: ServiceClient;

beforeAll(async () => {
  const routes = [
    bindRoute(anyCaller, async ({ identity }) => ({ caller: requireCaller(identity) })),
    bindRoute(tenantCaller, async ({ identity }) => ({ caller: requireTenantCaller(identity).tenant_id })),
  ];
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
  const logger = createLogger({ service: 'test', level: 'info', format: 'json', stream });
  server = await listen(createApp({ routes, admit: admitServices(tokens), logger, metrics }), {
    host: '127.0.0.1',
    port: 0,
    name: 'test',
    variable: 'PORT',
  });
  client = createServiceClient({
    baseUrl: `http://127.0.0.1:${server.port}`,
    audience: 'database-gateway',
    tokens: createServiceTokens({ secret: 's'.repeat(32), service: 'web-api' }),
    metrics,
  });
});

afterAll(async () => {
  await client.close();
  await server.close(0);
});

describe('caller of an internal route', () => {
  it('arrives complete, with idempotency key and version', async () => {
    const caller: Caller = {
      ...serviceCaller('web-api', TENANT_ID),
      scopes: ['inference'],
      idempotency: { key: 'k', request_sha256: 'ab'.repeat(32) },
      if_match: 3,
    };
    expect(await client.call(anyCaller, { caller })).toEqual({ caller });
    expect(await client.call(tenantCaller, { caller })).toEqual({ caller: caller.tenant_id });
  });

  it('is required where a route reads it', async () => {
    await expect(client.call(anyCaller, {})).rejects.toMatchObject({ code: 'INVALID_REQUEST', status: 400 });
  });

  it('must name a tenant on a route that acts for one', async () => {
    const call = client.call(tenantCaller, { caller: serviceCaller('web-api', null) });
    await expect(call).rejects.toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringContaining('tenant') });
  });

  it.each([
    ['bytes that are not JSON', 'AAAA'],
    ['JSON of another shape', Buffer.from('{"tenant_id":null}').toString('base64url')],
    ['a tenant that is not a UUID', Buffer.from('{"tenant_id":"x","actor":"a"}').toString('base64url')],
  ])('is rejected with 400 when the header contains %s', async (_case, value) => {
    const call = client.call(anyCaller, { headers: { [CALLER_HEADER]: value } });
    await expect(call).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining(CALLER_HEADER),
    });
  });
});
