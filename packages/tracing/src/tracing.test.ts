import { context, ROOT_CONTEXT, SpanKind, trace, TraceFlags } from '@opentelemetry/api';
import {
  activeIds,
  activeSpanIds,
  captureCarrier,
  captureTraceparent,
  contextFromCarrier,
  contextWithIds,
  failSpan,
  formatSpanTree,
  isValidId,
  openSpan,
  SpanStore,
  startTracing,
  toSpanTree,
  withSpan,
  type SpanRecord,
  type Tracing,
  type TracingOptions,
} from './index.ts';

describe('tracing', () => {
  let tracing: Tracing;
  const start = (overrides: Partial<TracingOptions> = {}): void => {
    tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: true, sampleRatio: 1, ...overrides });
  };
  afterEach(async () => {
    await tracing.shutdown();
  });
  const spansOf = (traceId: string): readonly SpanRecord[] => tracing.store?.get(traceId) ?? [];

  it('continues a trace and its ids from a carrier', async () => {
    start();
    const carrier = await context.with(
      contextWithIds(context.active(), { correlationId: 'corr-1', tenantId: 'tenant-1', requestId: 'req-1' }),
      () => withSpan('send', {}, () => captureCarrier()),
    );
    const received = contextFromCarrier(carrier);
    expect(activeIds(received)).toEqual({ correlationId: 'corr-1', tenantId: 'tenant-1' });
    const traceId = trace.getSpanContext(received)?.traceId ?? '';
    await withSpan('receive', { parent: received }, () => undefined);
    const spans = spansOf(traceId);
    expect(spans.map((span) => span.name)).toEqual(['send', 'receive']);
    expect(spans[1]?.parentSpanId).toBe(spans[0]?.spanId);
  });

  it('omits baggage from the carrier for third parties', async () => {
    start();
    await context.with(contextWithIds(context.active(), { tenantId: 'tenant-1' }), () =>
      withSpan('call', {}, () => {
        expect(captureCarrier().baggage).toContain('tenant-1');
        expect(captureTraceparent()).toEqual({ traceparent: captureCarrier().traceparent });
      }),
    );
  });

  it('ends a failed span with status ERROR and error.type, and rethrows', async () => {
    start();
    let traceId = '';
    const failing = withSpan('fails', {}, (span) => {
      traceId = span.spanContext().traceId;
      throw Object.assign(new Error('x'), { code: 'PROVIDER_FAILED' });
    });
    await expect(failing).rejects.toThrow('x');
    expect(spansOf(traceId)[0]).toMatchObject({ status: 'error', attributes: { 'error.type': 'PROVIDER_FAILED' } });
  });

  it('records no spans when it is disabled, and still propagates ids', async () => {
    start({ enabled: false });
    await withSpan('quiet', {}, (span) => {
      expect(span.isRecording()).toBe(false);
      expect(captureCarrier().traceparent).toMatch(/-00$/);
    });
  });

  it('records children of a sampled remote parent at ratio 0', async () => {
    start({ sampleRatio: 0 });
    const parent = contextFromCarrier({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` });
    await withSpan('followed', { parent }, () => undefined);
    expect(spansOf('a'.repeat(32))).toHaveLength(1);
  });

  it('starts a new trace with a link to its cause for a root span', async () => {
    start();
    await withSpan('cause', {}, (cause) =>
      withSpan('effect', { root: true, links: [{ context: cause.spanContext() }] }, (effect) => {
        effect.end();
        const [record] = spansOf(effect.spanContext().traceId);
        expect(effect.spanContext().traceId).not.toBe(cause.spanContext().traceId);
        expect(record?.parentSpanId).toBeUndefined();
        const { traceId, spanId } = cause.spanContext();
        expect(record?.links).toEqual([{ traceId, spanId }]);
      }),
    );
  });

  it('redacts attributes and events of a span, and keeps the lines of stacks', () => {
    start({ redactText: (text) => text.replaceAll('hunter2', '[redacted]').replaceAll('\n', ' ') });
    const { span } = openSpan('leak', { attributes: { 'url.path': '/hunter2', n: 1, list: ['hunter2'], ids: [1, 2] } });
    failSpan(span, new Error('no hunter2'));
    span.end();
    const [record] = spansOf(span.spanContext().traceId);
    expect(record?.attributes).toMatchObject({ 'url.path': '/[redacted]', n: 1, list: ['[redacted]'], ids: [1, 2] });
    expect(record?.events?.[0]).toMatchObject({
      name: 'exception',
      attributes: { 'exception.message': 'no [redacted]' },
    });
    expect(String(record?.events?.[0]?.attributes['exception.stacktrace']).split('\n').length).toBeGreaterThan(1);
    expect(JSON.stringify(record)).not.toContain('hunter2');
  });

  it('does not redact ids', () => {
    start({ redactText: () => '[redacted]' });
    const id = '01234567-1234-7123-8123-123456789012';
    const { span } = openSpan('ids', { attributes: { 'aion.export.id': id, other: 'text' } });
    span.end();
    expect(spansOf(span.spanContext().traceId)[0]?.attributes).toEqual({ 'aion.export.id': id, other: '[redacted]' });
  });

  it('truncates long attributes', () => {
    start({ maxAttributeLength: 10 });
    const { span } = openSpan('long', { attributes: { text: 'x'.repeat(100) } });
    span.end();
    expect(spansOf(span.spanContext().traceId)[0]?.attributes['text']).toHaveLength(10);
  });
});

describe('trace sampling', () => {
  let tracing: Tracing;
  const start = (overrides: Partial<TracingOptions>): void => {
    tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: true, sampleRatio: 1, ...overrides });
  };
  afterEach(async () => {
    await tracing.shutdown();
  });
  const isSampled = (name: string, kind = SpanKind.SERVER, parent = ROOT_CONTEXT): boolean =>
    (openSpan(name, { kind, parent }).span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
  const remote = (index: number, flag: '00' | '01') =>
    contextFromCarrier({
      traceparent: `00-${index.toString(16).padStart(8, '0').repeat(4)}-${'b'.repeat(16)}-${flag}`,
    });

  it('applies route ratios to new traces of server spans only', () => {
    start({ sampleRatio: 1, routeRatios: new Map([['GET /a/{id}', 0]]) });
    expect(isSampled('GET /a/{id}')).toBe(false);
    expect(isSampled('GET /b')).toBe(true);
    expect(isSampled('GET /a/{id}', SpanKind.CLIENT)).toBe(true);
    expect(isSampled('GET /a/{id}', SpanKind.SERVER, remote(1, '01'))).toBe(true);
  });

  it('applies a route ratio above the default ratio', () => {
    start({ sampleRatio: 0, routeRatios: new Map([['GET /a', 1]]) });
    expect(isSampled('GET /a')).toBe(true);
    expect(isSampled('GET /b')).toBe(false);
  });

  it.each(['GET /healthz', 'GET /health', 'GET /readyz', 'HEAD /livez', 'GET /metrics'])('never samples %s', (name) => {
    start({ routeRatios: new Map([[name, 1]]) });
    expect(isSampled(name)).toBe(false);
    expect(isSampled(name, SpanKind.SERVER, remote(1, '01'))).toBe(false);
  });

  it('decides by the trace id alone, so that the traces of a smaller ratio are a subset of those of a larger one', async () => {
    const sampledAt = async (sampleRatio: number): Promise<Set<number>> => {
      start({ sampleRatio, parentBased: false });
      const ids = Array.from({ length: 2_000 }, (_, index) => index);
      const spread = (index: number) =>
        contextFromCarrier({
          traceparent: `00-${((index * 2_654_435_761) >>> 0).toString(16).padStart(8, '0')}${'0'.repeat(23)}1-${'b'.repeat(16)}-00`,
        });
      const sampled = new Set(ids.filter((index) => isSampled('GET /a', SpanKind.SERVER, spread(index))));
      await tracing.shutdown();
      return sampled;
    };
    const small = await sampledAt(0.1);
    const large = await sampledAt(0.5);
    expect(small.size).toBeGreaterThan(150);
    expect(small.size).toBeLessThan(250);
    expect([...small].every((index) => large.has(index))).toBe(true);
    expect(await sampledAt(0.1)).toEqual(small);
  });

  it('follows the decision of the caller unless parentBased is false', async () => {
    start({ sampleRatio: 1 });
    expect(isSampled('GET /a', SpanKind.SERVER, remote(1, '00'))).toBe(false);
    await tracing.shutdown();
    start({ sampleRatio: 1, parentBased: false });
    expect(isSampled('GET /a', SpanKind.SERVER, remote(1, '00'))).toBe(true);
  });

  it('keeps ids for logs and headers in an unsampled trace', async () => {
    start({ sampleRatio: 0 });
    await withSpan('quiet', {}, () => {
      expect(activeSpanIds()?.traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(captureCarrier().traceparent).toMatch(/-00$/);
    });
  });
});

describe('span store', () => {
  const record = (traceId: string, spanId: string, parentSpanId?: string): SpanRecord => ({
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    links: [],
    name: `span ${spanId}`,
    kind: 'internal',
    service: 'test',
    startTimeMs: Number(spanId),
    durationMs: 1,
    status: 'unset',
    attributes: {},
  });

  it('stays within its bounds and counts dropped spans', () => {
    const store = new SpanStore({ maxTraces: 2, maxSpansPerTrace: 2 });
    for (const spanId of ['1', '2', '3']) store.add(record('a', spanId));
    store.add(record('b', '1'));
    store.add(record('c', '1'));
    expect(store.get('a')).toHaveLength(0);
    expect(store.get('c')).toHaveLength(1);
    expect(store.dropped).toBe(3);
  });

  it('bounds its size and reports dropped spans with the reason', () => {
    const drops: [string, number][] = [];
    const store = new SpanStore({ maxBytes: 10_000, onDrop: (reason, count) => drops.push([reason, count]) });
    const sized = (traceId: string, spanId: string, characters: number): SpanRecord => ({
      ...record(traceId, spanId),
      attributes: { text: 'x'.repeat(characters) },
    });
    store.add(sized('a', '1', 1_000));
    store.add(sized('a', '2', 1_000));
    store.add(sized('b', '3', 2_500));
    expect(drops).toEqual([['store_evicted', 2]]);
    store.add(sized('b', '4', 5_000));
    store.add({ ...record('b', '5'), events: [{ name: 'e', attributes: { list: ['x'.repeat(5_000)] } }] });
    expect(drops.slice(1)).toEqual([
      ['store_full', 1],
      ['store_full', 1],
    ]);
    expect(store.bytes).toBeLessThan(10_000);
    store.add(sized('c', '6', 4_000));
    expect(store.get('b')).toHaveLength(0);
    expect(store.get('c')).toHaveLength(1);
    expect(store.dropped).toBe(5);
  });

  it('formats a tree by parent and start time', () => {
    const tree = toSpanTree([record('a', '3', '1'), record('a', '2', '1'), record('a', '1')]);
    expect(formatSpanTree(tree)).toBe(
      ['span 1  [test]  1.0 ms', '├─ span 2  [test]  1.0 ms', '└─ span 3  [test]  1.0 ms'].join('\n'),
    );
  });
});

describe('isValidId', () => {
  it.each([['a\nb'], [''], ['x'.repeat(65)], ['a b'], ['\u202e'], [7]])('rejects %j', (value) => {
    expect(isValidId(value)).toBe(false);
  });
});
