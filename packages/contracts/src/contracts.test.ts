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

describe('the contracts', () => {
  it('name every route once', () => {
    expect(ALL_ROUTES.length).toBeGreaterThan(20);
    expect(new Set(ALL_ROUTES.map((route) => route.name)).size).toBe(ALL_ROUTES.length);
    expect(new Set(ALL_ROUTES.map((route) => `${route.service} ${route.method} ${route.path}`)).size).toBe(
      ALL_ROUTES.length,
    );
  });

  it('declare each parameter of a path, and no other', () => {
    for (const route of ALL_ROUTES) {
      const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const declared = Object.keys((route.params as { shape?: object } | undefined)?.shape ?? {});
      expect([route.name, declared]).toEqual([route.name, inPath]);
    }
  });

  it('refuse a field of a query that they do not know, by its name', () => {
    for (const { name, query } of ALL_ROUTES.filter((route) => route.query !== undefined)) {
      const issues = query?.safeParse({ misspelt: 'x' }).error?.issues ?? [];
      const unknown = issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []));
      expect([name, unknown]).toEqual([name, ['misspelt']]);
    }
  });

  it('let every list begin at either end', () => {
    const lists = PUBLIC_ROUTES.flatMap(({ name, method, query }) =>
      method === 'GET' && query instanceof z.ZodObject && 'cursor' in query.shape ? [{ name, query }] : [],
    );
    for (const { name, query } of lists) {
      const orders = ['asc', 'desc', 'random'].map((order) => query.safeParse({ order }).success);
      expect([name, orders]).toEqual([name, [true, true, false]]);
    }
  });

  it('end no route before they have said that it will go', () => {
    for (const { name, deprecation } of ALL_ROUTES) {
      if (deprecation?.sunset === undefined) continue;
      expect([name, Date.parse(deprecation.sunset) >= Date.parse(deprecation.since)]).toEqual([name, true]);
    }
  });

  it('give a version to what can be changed on condition', () => {
    for (const { name, conditional, method, response } of PUBLIC_ROUTES.filter((route) => route.conditional === true)) {
      expect([name, conditional, ['PATCH', 'PUT', 'DELETE'].includes(method)]).toEqual([name, true, true]);
      if (method !== 'DELETE') expect([name, response.etag]).toEqual([name, true]);
    }
  });

  it('become routes of database-gateway with the same input and answer', () => {
    const stored = internalRoute(routes.tenants.update);
    expect(stored).toMatchObject({
      ...{ name: 'stored.updateTenant', service: 'database-gateway', method: 'PATCH', auth: { kind: 'service' } },
      ...{ path: '/internal/v1/tenants/{tenant_id}', params: routes.tenants.update.params },
    });
    expect(stored.body).toBe(routes.tenants.update.body);
  });

  it('keep service routes off the public document, and public ones on it', () => {
    const ofEdge = ALL_ROUTES.filter((route) => route.service === 'web-api').map((route) => route.name);
    expect(PUBLIC_ROUTES.map((route) => route.name).toSorted()).toEqual(ofEdge.toSorted());
    for (const route of ALL_ROUTES) {
      expect([route.name, route.auth.kind === 'service']).toEqual([route.name, route.service !== 'web-api']);
    }
  });

  it('become an OpenAPI 3.1 document in which every operation has its errors', () => {
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

describe('a named schema that may be null', () => {
  it('says so in the OpenAPI document', () => {
    const text = JSON.stringify(createOpenApiDocument('1.2.3'));
    expect(text).toContain('"anyOf":[{"$ref":"#/components/schemas/RetentionPolicy"},{"type":"null"}]');
    expect(text).not.toContain('"null"]}]');
  });
});

describe('a chat completion request', () => {
  const minimal = { model: 'embedded/extractive', messages: [{ role: 'user', content: 'Hello' }] };

  it('keeps fields that AION does not know', () => {
    expect(chatCompletionRequest.parse({ ...minimal, reasoning_effort: 'low' })).toMatchObject({
      reasoning_effort: 'low',
    });
  });

  it.each([
    [{ ...minimal, model: undefined }, 'model'],
    [{ ...minimal, messages: [] }, 'messages'],
    [{ ...minimal, messages: [{ role: 'robot', content: 'x' }] }, 'messages.0.role'],
    [{ ...minimal, temperature: 3 }, 'temperature'],
  ])('is refused with the field that is wrong: %#', (body, field) => {
    const issues = chatCompletionRequest.safeParse(body).error?.issues ?? [];
    expect(issues.map((issue) => issue.path.join('.'))).toEqual([field]);
  });
});

describe('a field', () => {
  it.each([
    ['text with NUL', text(9), 'a\u0000b'],
    ['text with half of a surrogate pair', text(9), 'a\ud83d'],
    ['a time in the year 0', timestamp, '0000-12-31T23:59:59Z'],
    ['a time that PostgreSQL rounds to the year 10000', timestamp, '9999-12-31T23:59:59.9999999Z'],
    ['an epoch that no integer holds', internalRoutes.exports.openSnapshot.body!.shape.epoch, 2_147_483_648],
    ['a recipient with NUL', ageRecipient, 'age1\u0000'],
  ])('refuses what the database cannot store: %s', (_what, schema, value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });

  it('takes every other text', () => {
    for (const value of ['', '\ud83d\ude00', 'e\u0301', '\u202e']) expect(text(9).parse(value)).toBe(value);
  });
});

describe('a job', () => {
  it('refuses a payload that carries no ids', () => {
    expect(() => runExportJob.parse({ export_id: 'x' })).toThrow();
  });
});
