import { createHmac } from 'node:crypto';
import { Writable } from 'node:stream';
import { createLogger } from '@aion/logging';
import { createMetrics } from '@aion/metrics';
import { startTracing, type Tracing } from '@aion/tracing';
import express from 'express';
import { createAdminServer, createServiceTokens, listen, type HttpServer } from '../src/index.ts';
import { serveLogLevels } from '../src/serve-log-levels.ts';

const secret = 'a secret of at least thirty-two characters';

/** Signs a token with plain HMAC, as an operator does (packages/logging/README.md). */
function signToken(audience: string, key = secret): string {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: 'web-api', aud: audience, exp: Math.floor(Date.now() / 1_000) + 60 };
  const text = `${encode({ alg: 'HS256' })}.${encode(claims)}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

describe('/log-levels', () => {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const logger = createLogger({ service: 'data-export', level: 'info', format: 'json', stream });
  const recorded: string[] = [];
  let isTrailDown = false;
  const record = (by: string): Promise<void> => {
    if (isTrailDown) return Promise.reject(new Error('the trail is down'));
    recorded.push(by);
    return Promise.resolve();
  };
  let server: HttpServer;

  beforeAll(async () => {
    const app = express();
    serveLogLevels(app, { logger, tokens: createServiceTokens({ secret, service: 'data-export' }), record });
    server = await listen(app, { host: '127.0.0.1', port: 0, name: 'test', variable: 'PORT' });
  });
  afterAll(() => server.close(0));
  beforeEach(() => {
    logger.setLevels({ root: 'info', modules: {} }, 'test');
    lines.length = 0;
    recorded.length = 0;
    isTrailDown = false;
  });

  const call = (method: string, token?: string, body?: unknown): Promise<Response> =>
    fetch(`http://127.0.0.1:${server.port}/log-levels`, {
      method,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  it('changes the levels of a running process and logs the change with its author', async () => {
    const next = { root: 'warn', modules: { exports: 'debug' } };
    const response = await call('PUT', signToken('data-export'), next);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(next);
    expect(await (await call('GET', signToken('data-export'))).json()).toEqual(next);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      {
        level: 'warn',
        message: 'Log levels changed',
        fields: { by: 'web-api', previous: { root: 'info', modules: {} }, current: next },
      },
    ]);
    logger.child('exports').debug('now written');
    logger.info('no longer written');
    expect(lines).toHaveLength(2);
  });

  it('records only successful changes in the audit trail', async () => {
    await call('PUT', signToken('data-export'), { root: 'warn' });
    await call('GET', signToken('data-export'));
    await call('PUT', signToken('web-api'), { root: 'debug' });
    await call('PUT', signToken('data-export'), { root: 'loud' });
    expect(recorded).toEqual(['web-api']);
  });

  it('changes the levels and logs a warning when the audit trail is down', async () => {
    isTrailDown = true;
    expect((await call('PUT', signToken('data-export'), { root: 'warn' })).status).toBe(200);
    expect(logger.levels().root).toBe('warn');
    expect(lines.join('')).toContain('Log levels change not recorded in the audit trail');
  });

  it.each([
    ['a request without a token', undefined],
    ['a token for another service', signToken('web-api')],
    ['a token signed with another key', signToken('data-export', 'another secret of thirty-two characters')],
  ])('rejects %s and changes nothing', async (_case, token) => {
    for (const method of ['GET', 'PUT']) {
      const response = await call(method, token, method === 'PUT' ? { root: 'error' } : undefined);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
    }
    expect(logger.levels()).toEqual({ root: 'info', modules: {} });
    expect(lines.join('')).toContain('Log levels request rejected');
    expect(lines.join('')).not.toContain(token ?? 'Bearer');
  });

  it.each([
    {},
    { root: 'loud' },
    { root: 'info', modules: { 'a b': 'debug' } },
    { root: 'info', module: {} },
    { root: 'info', modules: Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`m${at}`, 'debug'])) },
  ])('rejects the malformed levels %j', async (body) => {
    expect((await call('PUT', signToken('data-export'), body)).status).toBe(400);
    expect(logger.levels()).toEqual({ root: 'info', modules: {} });
  });

  it('rejects a body above the limit', async () => {
    const body = { root: 'info', modules: { ['m'.repeat(20_000)]: 'debug' } };
    expect((await call('PUT', signToken('data-export'), body)).status).toBe(413);
  });
});

describe('admin server', () => {
  let tracing: Tracing;
  beforeAll(() => {
    tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: false, sampleRatio: 0 });
  });
  afterAll(() => tracing.shutdown());

  it('serves the log levels when it has access to them', async () => {
    const logger = createLogger({ service: 'web-api', level: 'info', format: 'json' });
    const probe = await listen(express(), { host: '127.0.0.1', port: 0, name: 'test', variable: 'PORT' });
    await probe.close(0);
    const admin = createAdminServer({
      service: 'web-api',
      host: '127.0.0.1',
      port: probe.port,
      logger,
      metrics: createMetrics({ service: 'web-api', version: '0', enabled: false }),
      tracing,
      checks: {},
      logLevels: { logger, tokens: createServiceTokens({ secret, service: 'web-api' }) },
    });
    await admin.start();
    try {
      const response = await fetch(`http://127.0.0.1:${probe.port}/log-levels`, {
        headers: { authorization: `Bearer ${signToken('web-api')}` },
      });
      expect(await response.json()).toEqual({ root: 'info', modules: {} });
    } finally {
      await admin.stop();
    }
  });
});
