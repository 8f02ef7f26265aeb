import { context, createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { LinkedContext } from './linked-context.ts';
import { SpanIds } from './span-ids.ts';
import {
  activeIds,
  captureCarrier,
  contextFromCarrier,
  contextWithIds,
  openSpan,
  startTracing,
  withSpan,
  type Tracing,
  type TracingOptions,
} from './index.ts';

let tracing: Tracing;
const start = (overrides: Partial<TracingOptions> = {}): void => {
  tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: true, sampleRatio: 1, ...overrides });
};
afterEach(async () => {
  await tracing.shutdown();
});

describe('a span that is not sampled', () => {
  it('has ids of its own in the trace of its parent, and is not recorded', async () => {
    start({ sampleRatio: 0 });
    await withSpan('above', {}, (above) =>
      withSpan('below', {}, (below) => {
        expect(below.isRecording()).toBe(false);
        expect(below.spanContext()).toMatchObject({ traceId: above.spanContext().traceId, traceFlags: 0 });
        expect(below.spanContext().spanId).not.toBe(above.spanContext().spanId);
        expect(captureCarrier().traceparent).toBe(`00-${above.spanContext().traceId}-${below.spanContext().spanId}-00`);
      }),
    );
  });

  it('is decided by the trace id that a recorded span gets', async () => {
    start({ sampleRatio: 0.5 });
    const kept = new Set<string>();
    for (let i = 0; i < 200; i += 1) {
      await withSpan('root', {}, (span) => {
        if (span.isRecording()) kept.add(span.spanContext().traceId);
      });
    }
    expect(kept.size).toBeGreaterThan(50);
    expect(kept.size).toBeLessThan(150);
    // The SDK's own sampler agrees about each, so other processes do as well: it folds the id to 32 bits.
    for (const traceId of kept) {
      const words = traceId.match(/.{8}/g)?.map((word) => Number.parseInt(word, 16)) ?? [];
      expect(words.reduce((folded, word) => folded ^ word, 0) >>> 0).toBeLessThan(0x80000000);
    }
  });
});

describe('the subjects of spans', () => {
  it('are switched off one by one: what happens below belongs to the span above', async () => {
    start({ subjects: ['http', 'ai', 'queue'] });
    let traceId = '';
    await withSpan('GET /', { subject: 'http' }, async (span) => {
      ({ traceId } = span.spanContext());
      await withSpan('SELECT tenants', { subject: 'db' }, () => withSpan('chat', { subject: 'ai' }, () => undefined));
    });
    const spans = tracing.store?.get(traceId) ?? [];
    expect(spans.map(({ name }) => name)).toEqual(['chat', 'GET /']);
    expect(spans[0]?.parentSpanId).toBe(spans[1]?.spanId);
  });

  it('keep their failures to themselves when they are off', async () => {
    start({ subjects: [] });
    let traceId = '';
    await withSpan('work', {}, async (span) => {
      ({ traceId } = span.spanContext());
      const failing = withSpan('SELECT tenants', { subject: 'db' }, () => Promise.reject(new Error('x')));
      await expect(failing).rejects.toThrow('x');
    });
    expect(tracing.store?.get(traceId)).toMatchObject([{ name: 'work', status: 'unset' }]);
  });

  it('leave one trace id to all of a request when the first one is off', async () => {
    start({ subjects: ['db'] });
    const { context: request } = openSpan('GET /', { subject: 'http' });
    const traceId = trace.getSpanContext(request)?.traceId ?? '';
    for (const name of ['SELECT a', 'SELECT b'])
      await withSpan(name, { subject: 'db', parent: request }, () => undefined);
    expect(tracing.store?.get(traceId).map(({ name }) => name)).toEqual(['SELECT a', 'SELECT b']);
  });
});

describe('a carrier', () => {
  it.each([
    ['aion.correlation_id=c-1,aion.tenant_id=t-1', { correlationId: 'c-1', tenantId: 't-1' }],
    [' aion.tenant_id = t-1 ;ttl=5 , other=x', { tenantId: 't-1' }],
    ['aion.tenant_id=a%0Ab,aion.correlation_id=', {}],
    ['xaion.tenant_id=t-1', {}],
    [`aion.tenant_id=${'a'.repeat(65)}`, {}],
    ['', {}],
  ])('with the baggage %j brings %j', (baggage, ids) => {
    start();
    expect(activeIds(contextFromCarrier({ baggage }))).toEqual(ids);
  });

  it('carries no trace where there is none, and keeps the state of one', () => {
    start();
    expect(captureCarrier(ROOT_CONTEXT)).toEqual({});
    const carrier = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'vendor=1' };
    expect(captureCarrier(contextFromCarrier(carrier))).toEqual(carrier);
    expect(captureCarrier(contextFromCarrier({ traceparent: 'ff-broken' }))).toEqual({});
  });
});

describe('a linked context', () => {
  it('has its values over those of its base, and none that was deleted', () => {
    start();
    const [one, two] = [createContextKey('one'), createContextKey('two')];
    const base = ROOT_CONTEXT.setValue(one, 'base');
    const linked = new LinkedContext(base, two, 2).setValue(one, 'linked');
    expect([linked.getValue(one), linked.getValue(two), base.getValue(one)]).toEqual(['linked', 2, 'base']);
    expect(linked.deleteValue(one).getValue(one)).toBeUndefined();
    expect(linked.getValue(createContextKey('other'))).toBeUndefined();
  });

  it('keeps ids and span through asynchronous work', async () => {
    start();
    await context.with(contextWithIds(ROOT_CONTEXT, { correlationId: 'c-1', requestId: 'r-1' }), async () => {
      await Promise.resolve();
      expect(activeIds(contextWithIds(context.active(), { tenantId: 't-1' }))).toEqual({
        correlationId: 'c-1',
        tenantId: 't-1',
        requestId: 'r-1',
      });
    });
  });
});

describe('span ids', () => {
  it('are lowercase hexadecimal, not zero, and do not repeat over many pools', () => {
    start();
    const ids = new SpanIds();
    const seen = new Set<string>();
    for (let i = 0; i < 10_000; i += 1) seen.add(i % 2 === 0 ? ids.generateTraceId() : ids.generateSpanId());
    expect(seen.size).toBe(10_000);
    expect([...seen].filter((id) => !/^([0-9a-f]{16}|[0-9a-f]{32})$/.test(id) || /^0+$/.test(id))).toEqual([]);
  });
});
