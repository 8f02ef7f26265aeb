import { Writable } from 'node:stream';
import { runWithIds, startTracing, withSpan, type Tracing } from '@aion/tracing';
import { createLogger, redact, redactText, type LoggerOptions } from './index.ts';

function capture(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(...chunk.toString().split('\n').filter(Boolean));
      done();
    },
  });
  return { lines, logger: createLogger({ service: 'test', level: 'info', format: 'json', stream, ...options }) };
}

describe('log record', () => {
  let tracing: Tracing;
  beforeAll(() => {
    tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: true, sampleRatio: 1 });
  });
  afterAll(() => tracing.shutdown());

  it('contains all ids of the active context', async () => {
    const { lines, logger } = capture();
    await runWithIds({ correlationId: 'c-1', tenantId: 't-1', requestId: 'r-1' }, () =>
      withSpan('work', {}, (span) => {
        logger.child('exports').info('Export started', { parts: 2 });
        expect(JSON.parse(lines[0] ?? '')).toMatchObject({
          level: 'info',
          message: 'Export started',
          service: 'test',
          module: 'exports',
          trace_id: span.spanContext().traceId,
          span_id: span.spanContext().spanId,
          correlation_id: 'c-1',
          request_id: 'r-1',
          tenant_id: 't-1',
          fields: { parts: 2 },
        });
      }),
    );
  });

  it.each(['json', 'pretty'] as const)(
    'is a single line in format %s, whatever its message and fields contain',
    (format) => {
      const { lines, logger } = capture({ format });
      logger.info('a\nb\u001b[31mred\u202e', { 'k\n': 'v\r\n{"level":"error"}', error: new Error('x\ny') });
      expect(lines).toHaveLength(1);
      expect(lines[0]).not.toMatch(/[\u001b\u202e]/);
    },
  );

  it('is not written when its severity is below the level', () => {
    const { lines, logger } = capture({ level: 'warn' });
    logger.info('quiet');
    logger.warn('loud');
    expect(lines).toHaveLength(1);
  });
});

describe('log levels', () => {
  it('apply by module and change at run time, also for existing loggers', () => {
    const { lines, logger } = capture({ moduleLevels: { exports: 'debug' } });
    const [http, worker] = [logger.child('http'), logger.child('exports.worker')];
    http.debug('suppressed');
    worker.debug('written');
    logger.setLevels({ root: 'error', modules: { http: 'debug' } }, 'web-api');
    worker.warn('suppressed');
    http.debug('written');
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records.map(({ module, message }) => [module, message])).toEqual([
      ['exports.worker', 'written'],
      ['log-levels', 'Log levels changed'],
      ['http', 'written'],
    ]);
    // Logged although the new level suppresses warnings.
    expect(records[1]).toMatchObject({
      level: 'warn',
      fields: {
        by: 'web-api',
        previous: { root: 'info', modules: { exports: 'debug' } },
        current: { root: 'error', modules: { http: 'debug' } },
      },
    });
    expect(logger.levels()).toEqual({ root: 'error', modules: { http: 'debug' } });
  });
});

describe('log sampling', () => {
  it('drops all or none of the INFO and DEBUG lines of a trace, counts dropped lines, and never drops WARN or ERROR', async () => {
    const tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: true, sampleRatio: 1 });
    const drops: string[] = [];
    const { lines, logger } = capture({ level: 'debug', sampleRatio: 0.5, onDrop: (reason) => drops.push(reason) });
    const writeAll = (): Promise<void> => {
      for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level]('Step done');
      return Promise.resolve();
    };
    try {
      for (let i = 0; i < 50; i += 1) await withSpan('work', {}, writeAll);
    } finally {
      await tracing.shutdown();
    }
    const perTrace = Map.groupBy(lines, (line) => (JSON.parse(line) as { trace_id: string }).trace_id);
    const counts = [...perTrace.values()].map((of) => of.length);
    expect(counts).toHaveLength(50);
    expect(new Set(counts)).toEqual(new Set([2, 4]));
    expect(drops).toEqual(Array.from({ length: counts.filter((count) => count === 2).length * 2 }, () => 'sampled'));
  });

  it('keeps lines outside a trace', () => {
    const { lines, logger } = capture({ sampleRatio: 0 });
    logger.info('Service is stopping');
    expect(lines).toHaveLength(1);
  });
});

describe('redaction', () => {
  const secrets = {
    key: 'aion_sk_abcd1234_Zm9vYmFyYmF6cXV4',
    provider: 'sk-proj-abcdefghijklmnop',
    bearer: 'Bearer abc.def-ghi',
    identity: 'AGE-SECRET-KEY-1QQPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L',
    email: 'jane.doe@example.org',
    card: '4111 1111 1111 1111',
    url: 'postgres://aion:hunter2@127.0.0.1/aion',
    signed: 'https://x.test/a?signature=deadbeef&x=1',
  };
  it.each(Object.entries(secrets))('removes a %s from text, nested fields and causes', (_name, secret) => {
    const error = new Error(`failed for ${secret}`, { cause: { inner: [secret] } });
    const line = JSON.stringify(redact({ note: `saw ${secret}`, deep: { list: [secret] }, error }));
    const payload = secret
      .replace(/^Bearer /, '')
      .replace(/^.*:(hunter2)@.*$/, '$1')
      .replace(/^.*signature=(\w+).*$/, '$1');
    expect(line).not.toContain(payload);
  });

  it('removes values of sensitive keys, whatever their type', () => {
    expect(redact({ password: 'x', Authorization: 'y', detail: { any: 'z' }, model: 'm' })).toEqual({
      password: '[redacted:credential]',
      Authorization: '[redacted:credential]',
      detail: '[redacted:database]',
      model: 'm',
    });
  });

  it('does not change ordinary numbers and text', () => {
    expect(redactText('order 1234567890123456 took 12.5 ms')).toBe('order 1234567890123456 took 12.5 ms');
  });

  it('cuts cycles', () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    expect(JSON.stringify(redact(cyclic))).toContain('[deep]');
  });
});
