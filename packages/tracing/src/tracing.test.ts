import { context, trace } from '@opentelemetry/api';
import {
  activeIds,
  captureCarrier,
  captureTraceparent,
  contextFromCarrier,
  contextWithIds,
  formatSpanTree,
  isValidId,
  SpanStore,
  startTracing,
  toSpanTree,
  withSpan,
  type SpanRecord,
  type Tracing,
} from './index.ts';

describe('tracing', () => {
  let tracing: Tracing;
  const start = (overrides: { enabled?: boolean; sampleRatio?: number } = {}): void => {
    tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: true, sampleRatio: 1, ...overrides });
  };
  afterEach(async () => {
    await tracing.shutdown();
  });
  const spansOf = (traceId: string): readonly SpanRecord[] => tracing.store?.get(traceId) ?? [];

  it('continues a trace and its ids on the other side of a carrier', async () => {
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

  it('gives third parties the trace and no baggage', async () => {
    start();
    await context.with(contextWithIds(context.active(), { tenantId: 'tenant-1' }), () =>
      withSpan('call', {}, () => {
        expect(captureCarrier().baggage).toContain('tenant-1');
        expect(captureTraceparent()).toEqual({ traceparent: captureCarrier().traceparent });
      }),
    );
  });

  it('ends a failed span with ERROR and error.type, and throws on', async () => {
    start();
    let traceId = '';
    const failing = withSpan('fails', {}, (span) => {
      traceId = span.spanContext().traceId;
      throw Object.assign(new Error('x'), { code: 'PROVIDER_FAILED' });
    });
    await expect(failing).rejects.toThrow('x');
    expect(spansOf(traceId)[0]).toMatchObject({ status: 'error', attributes: { 'error.type': 'PROVIDER_FAILED' } });
  });

  it('records nothing when it is switched off, and still carries ids', async () => {
    start({ enabled: false });
    await withSpan('quiet', {}, (span) => {
      expect(span.isRecording()).toBe(false);
      expect(captureCarrier().traceparent).toMatch(/-00$/);
    });
  });

  it('follows a sampled parent whatever its own ratio', async () => {
    start({ sampleRatio: 0 });
    const parent = contextFromCarrier({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` });
    await withSpan('followed', { parent }, () => undefined);
    expect(spansOf('a'.repeat(32))).toHaveLength(1);
  });
});

describe('the span store', () => {
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

  it('stays within its bounds and counts what it lost', () => {
    const store = new SpanStore({ maxTraces: 2, maxSpansPerTrace: 2 });
    for (const spanId of ['1', '2', '3']) store.add(record('a', spanId));
    store.add(record('b', '1'));
    store.add(record('c', '1'));
    expect(store.get('a')).toHaveLength(0);
    expect(store.get('c')).toHaveLength(1);
    expect(store.dropped).toBe(3);
  });

  it('prints a tree by parent and start time', () => {
    const tree = toSpanTree([record('a', '3', '1'), record('a', '2', '1'), record('a', '1')]);
    expect(formatSpanTree(tree)).toBe(
      ['span 1  [test]  1.0 ms', '├─ span 2  [test]  1.0 ms', '└─ span 3  [test]  1.0 ms'].join('\n'),
    );
  });
});

describe('an id from outside', () => {
  it.each([['a\nb'], [''], ['x'.repeat(65)], ['a b'], ['\u202e'], [7]])('is refused when it is %j', (value) => {
    expect(isValidId(value)).toBe(false);
  });
});
