import { z } from 'zod';
import {
  ageRecipient,
  chatCompletionRequest,
  createOpenApiDocument,
  INTERNAL_ROUTES,
  internalRoutes,
  PUBLIC_ROUTES,
  routes,
  runExportJob,
  internalRoute,
  text,
  timestamp,
} from './index.ts';

const ALL_ROUTES = [...PUBLIC_ROUTES, ...INTERNAL_ROUTES];

describe('contracts', () => {
  it('have unique route names, and unique method and path per service', () => {
    expect(ALL_ROUTES.length).toBeGreaterThan(20);
    expect(new Set(ALL_ROUTES.map((route) => route.name)).size).toBe(ALL_ROUTES.length);
    expect(new Set(ALL_ROUTES.map((route) => `${route.service} ${route.method} ${route.path}`)).size).toBe(
      ALL_ROUTES.length,
    );
  });

  it('declare exactly the parameters of each path', () => {
    for (const route of ALL_ROUTES) {
      const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const declared = Object.keys((route.params as { shape?: object } | undefined)?.shape ?? {});
      expect([route.name, declared]).toEqual([route.name, inPath]);
    }
  });

  it('reject unknown fields of a query by name', () => {
    for (const { name, query } of ALL_ROUTES.filter((route) => route.query !== undefined)) {
      const issues = query?.safeParse({ misspelt: 'x' }).error?.issues ?? [];
      const unknown = issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []));
      expect([name, unknown]).toEqual([name, ['misspelt']]);
    }
  });

  it('support both orders for every list', () => {
    const lists = PUBLIC_ROUTES.flatMap(({ name, method, query }) =>
      method === 'GET' && query instanceof z.ZodObject && 'cursor' in query.shape ? [{ name, query }] : [],
    );
    for (const { name, query } of lists) {
      const orders = ['asc', 'desc', 'random'].map((order) => query.safeParse({ order }).success);
      expect([name, orders]).toEqual([name, [true, true, false]]);
    }
  });

  it('do not remove a route before its deprecation begins', () => {
    for (const { name, deprecation } of ALL_ROUTES) {
      if (deprecation?.sunset === undefined) continue;
      expect([name, Date.parse(deprecation.sunset) >= Date.parse(deprecation.since)]).toEqual([name, true]);
    }
  });

  it('return an ETag for every resource that supports If-Match', () => {
    for (const { name, conditional, method, response } of PUBLIC_ROUTES.filter((route) => route.conditional === true)) {
      expect([name, conditional, ['PATCH', 'PUT', 'DELETE'].includes(method)]).toEqual([name, true, true]);
      if (method !== 'DELETE') expect([name, response.etag]).toEqual([name, true]);
    }
  });

  it('derive routes of database-gateway with the same input and answer', () => {
    const stored = internalRoute(routes.tenants.update);
    expect(stored).toMatchObject({
      ...{ name: 'stored.updateTenant', service: 'database-gateway', method: 'PATCH', auth: { kind: 'service' } },
      ...{ path: '/internal/v1/tenants/{tenant_id}', params: routes.tenants.update.params },
    });
    expect(stored.body).toBe(routes.tenants.update.body);
  });

  it('list exactly the routes of web-api as public', () => {
    const ofEdge = ALL_ROUTES.filter((route) => route.service === 'web-api').map((route) => route.name);
    expect(PUBLIC_ROUTES.map((route) => route.name).toSorted()).toEqual(ofEdge.toSorted());
    for (const route of ALL_ROUTES) {
      expect([route.name, route.auth.kind === 'service']).toEqual([route.name, route.service !== 'web-api']);
    }
  });

  it('generate an OpenAPI 3.1 document with the errors of every operation', () => {
    const document = createOpenApiDocument('1.2.3');
    expect(document.openapi).toBe('3.1.0');
    const operation = document.paths?.['/api/v1/exports/{export_id}']?.get;
    expect(Object.keys(operation?.responses ?? {}).toSorted()).toEqual([
      '200',
      '400',
      '401',
      '403',
      '404',
      '500',
      '503',
    ]);
    expect(Object.keys(document.components?.schemas ?? {})).toEqual(
      expect.arrayContaining(['Export', 'Problem', 'OpenAiError', 'ChatCompletionRequest']),
    );
  });
});

describe('named nullable schema', () => {
  it('is an anyOf with null in the OpenAPI document', () => {
    const text = JSON.stringify(createOpenApiDocument('1.2.3'));
    expect(text).toContain('"anyOf":[{"$ref":"#/components/schemas/RetentionPolicy"},{"type":"null"}]');
    expect(text).not.toContain('"null"]}]');
  });
});

describe('chat completion request', () => {
  const minimal = { model: 'embedded/extractive', messages: [{ role: 'user', content: 'Hello' }] };

  it('keeps unknown fields', () => {
    expect(chatCompletionRequest.parse({ ...minimal, reasoning_effort: 'low' })).toMatchObject({
      reasoning_effort: 'low',
    });
  });

  it.each([
    [{ ...minimal, model: undefined }, 'model'],
    [{ ...minimal, messages: [] }, 'messages'],
    [{ ...minimal, messages: [{ role: 'robot', content: 'x' }] }, 'messages.0.role'],
    [{ ...minimal, temperature: 3 }, 'temperature'],
  ])('is rejected with the path of the invalid field: case %#', (body, field) => {
    const issues = chatCompletionRequest.safeParse(body).error?.issues ?? [];
    expect(issues.map((issue) => issue.path.join('.'))).toEqual([field]);
  });
});

describe('field schema', () => {
  it.each([
    ['text with NUL', text(9), 'a\u0000b'],
    ['text with an unpaired surrogate', text(9), 'a\ud83d'],
    ['a time in the year 0', timestamp, '0000-12-31T23:59:59Z'],
    ['a time that PostgreSQL rounds to the year 10000', timestamp, '9999-12-31T23:59:59.9999999Z'],
    [
      'a fencing token beyond the range of integer',
      internalRoutes.exports.openSnapshot.body!.shape.epoch,
      2_147_483_648,
    ],
    ['a recipient with NUL', ageRecipient, 'age1\u0000'],
  ])('rejects a value that the database cannot store: %s', (_what, schema, value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });

  it('accepts any other text', () => {
    for (const value of ['', '\ud83d\ude00', 'e\u0301', '\u202e']) expect(text(9).parse(value)).toBe(value);
  });
});

describe('job', () => {
  it('rejects a payload without ids', () => {
    expect(() => runExportJob.parse({ export_id: 'x' })).toThrow();
  });
});
