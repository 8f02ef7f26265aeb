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

describe('unsampled span', () => {
  it('has its own span id in the trace of its parent, and is not recorded', async () => {
    start({ sampleRatio: 0 });
    await withSpan('parent', {}, (parent) =>
      withSpan('child', {}, (child) => {
        expect(child.isRecording()).toBe(false);
        expect(child.spanContext()).toMatchObject({ traceId: parent.spanContext().traceId, traceFlags: 0 });
        expect(child.spanContext().spanId).not.toBe(parent.spanContext().spanId);
        expect(captureCarrier().traceparent).toBe(
          `00-${parent.spanContext().traceId}-${child.spanContext().spanId}-00`,
        );
      }),
    );
  });

  it('is selected by its trace id', async () => {
    start({ sampleRatio: 0.5 });
    const recorded = new Set<string>();
    for (let i = 0; i < 200; i += 1) {
      await withSpan('root', {}, (span) => {
        if (span.isRecording()) recorded.add(span.spanContext().traceId);
      });
    }
    expect(recorded.size).toBeGreaterThan(50);
    expect(recorded.size).toBeLessThan(150);
    // The SDK's sampler folds the id to 32 bits and must agree, so that other processes decide alike.
    for (const traceId of recorded) {
      const words = traceId.match(/.{8}/g)?.map((word) => Number.parseInt(word, 16)) ?? [];
      expect(words.reduce((folded, word) => folded ^ word, 0) >>> 0).toBeLessThan(0x80000000);
    }
  });
});

describe('tracing subjects', () => {
  it('can be disabled separately: children of an omitted span are attached to its parent', async () => {
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

  it('do not mark the parent span as failed when a disabled span fails', async () => {
    start({ subjects: [] });
    let traceId = '';
    await withSpan('work', {}, async (span) => {
      ({ traceId } = span.spanContext());
      const failing = withSpan('SELECT tenants', { subject: 'db' }, () => Promise.reject(new Error('x')));
      await expect(failing).rejects.toThrow('x');
    });
    expect(tracing.store?.get(traceId)).toMatchObject([{ name: 'work', status: 'unset' }]);
  });

  it('share one trace id within a request when the subject of its first span is disabled', async () => {
    start({ subjects: ['db'] });
    const { context: request } = openSpan('GET /', { subject: 'http' });
    const traceId = trace.getSpanContext(request)?.traceId ?? '';
    for (const name of ['SELECT a', 'SELECT b'])
      await withSpan(name, { subject: 'db', parent: request }, () => undefined);
    expect(tracing.store?.get(traceId).map(({ name }) => name)).toEqual(['SELECT a', 'SELECT b']);
  });
});

describe('trace carrier', () => {
  it.each([
    ['aion.correlation_id=c-1,aion.tenant_id=t-1', { correlationId: 'c-1', tenantId: 't-1' }],
    [' aion.tenant_id = t-1 ;ttl=5 , other=x', { tenantId: 't-1' }],
    ['aion.tenant_id=a%0Ab,aion.correlation_id=', {}],
    ['xaion.tenant_id=t-1', {}],
    [`aion.tenant_id=${'a'.repeat(65)}`, {}],
    ['', {}],
  ])('with the baggage %j restores %j', (baggage, ids) => {
    start();
    expect(activeIds(contextFromCarrier({ baggage }))).toEqual(ids);
  });

  it('is empty without a trace, and keeps the state of a trace', () => {
    start();
    expect(captureCarrier(ROOT_CONTEXT)).toEqual({});
    const carrier = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'vendor=1' };
    expect(captureCarrier(contextFromCarrier(carrier))).toEqual(carrier);
    expect(captureCarrier(contextFromCarrier({ traceparent: 'ff-broken' }))).toEqual({});
  });
});

describe('linked context', () => {
  it('overrides values of its base, and deletes values', () => {
    start();
    const [one, two] = [createContextKey('one'), createContextKey('two')];
    const base = ROOT_CONTEXT.setValue(one, 'base');
    const linked = new LinkedContext(base, two, 2).setValue(one, 'linked');
    expect([linked.getValue(one), linked.getValue(two), base.getValue(one)]).toEqual(['linked', 2, 'base']);
    expect(linked.deleteValue(one).getValue(one)).toBeUndefined();
    expect(linked.getValue(createContextKey('other'))).toBeUndefined();
  });

  it('keeps ids across asynchronous calls', async () => {
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
  it('are unique, lowercase hexadecimal and not zero across many pools', () => {
    start();
    const ids = new SpanIds();
    const seen = new Set<string>();
    for (let i = 0; i < 10_000; i += 1) seen.add(i % 2 === 0 ? ids.generateTraceId() : ids.generateSpanId());
    expect(seen.size).toBe(10_000);
    expect([...seen].filter((id) => !/^([0-9a-f]{16}|[0-9a-f]{32})$/.test(id) || /^0+$/.test(id))).toEqual([]);
  });
});
