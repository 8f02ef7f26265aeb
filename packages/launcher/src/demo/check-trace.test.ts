import type { SpanRecord } from '@aion/tracing';
import { checkTrace, TRACED_SERVICES } from './check-trace.ts';

function span(service: string, name: string, more: Partial<SpanRecord> = {}): SpanRecord {
  return {
    traceId: 't',
    spanId: `${service} ${name}`,
    links: [],
    name,
    kind: 'internal',
    service,
    startTimeMs: 0,
    durationMs: 1,
    status: 'unset',
    attributes: {},
    ...more,
  };
}
const whole = [
  span('demo-client', 'demo'),
  span('web-api', 'POST /api/v1/exports'),
  span('ai-engine', 'chat'),
  span('database-gateway', 'send exports', { kind: 'producer' }),
  span('database-gateway', 'COPY tenants'),
  span('data-export', 'process exports', { kind: 'consumer' }),
  span('data-export', 'put object'),
];
const failuresOf = (spans: SpanRecord[]) =>
  checkTrace(spans, 't')
    .filter(({ ok }) => !ok)
    .map(({ name }) => name);

describe('the trace', () => {
  it('passes when every step is in it', () => {
    expect(failuresOf(whole)).toEqual([]);
  });

  it.each(TRACED_SERVICES)('fails without the spans of %s', (service) => {
    expect(failuresOf(whole.filter((each) => each.service !== service))).toContain('one trace through all services');
  });

  it.each([
    ['queue PRODUCER span', 'send exports'],
    ['queue CONSUMER span', 'process exports'],
    ['database COPY span', 'COPY tenants'],
    ['object store span', 'put object'],
  ])('fails without a %s', (check, name) => {
    expect(failuresOf(whole.filter((each) => each.name !== name))).toEqual([check]);
  });

  it('fails when a span belongs to another trace or has lost its parent', () => {
    expect(failuresOf([...whole, span('web-api', 'x', { traceId: 'u' })])).toEqual(['one trace through all services']);
    expect(failuresOf([...whole, span('web-api', 'x', { parentSpanId: 'gone' })])).toEqual(['trace is one tree']);
  });
});
