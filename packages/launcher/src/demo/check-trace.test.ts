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
const complete = [
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

describe('checkTrace', () => {
  it('passes a trace that contains every step', () => {
    expect(failuresOf(complete)).toEqual([]);
  });

  it.each(TRACED_SERVICES)('fails a trace without spans of %s', (service) => {
    expect(failuresOf(complete.filter((each) => each.service !== service))).toContain('one trace through all services');
  });

  it.each([
    ['queue PRODUCER span', 'send exports'],
    ['queue CONSUMER span', 'process exports'],
    ['database COPY span', 'COPY tenants'],
    ['object store span', 'put object'],
  ])('fails a trace without a %s', (check, name) => {
    expect(failuresOf(complete.filter((each) => each.name !== name))).toEqual([check]);
  });

  it('fails when a span belongs to another trace or its parent is missing', () => {
    expect(failuresOf([...complete, span('web-api', 'x', { traceId: 'u' })])).toEqual([
      'one trace through all services',
    ]);
    expect(failuresOf([...complete, span('web-api', 'x', { parentSpanId: 'gone' })])).toEqual(['trace is one tree']);
  });
});
