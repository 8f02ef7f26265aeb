import { startTracing } from '@aion/tracing';
import { propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { parseCallerContext, createLinks, decideTracePolicy } from './trace-policy.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const HEADERS = {
  traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01`,
  tracestate: 'a=1',
  baggage: 'aion.tenant_id=evil',
};
const anonymous = { kind: 'anonymous' } as const;
const tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: true, sampleRatio: 1 });

afterAll(() => tracing.shutdown());

describe('decideTracePolicy', () => {
  it('starts a root span with a link to the span of an anonymous caller', () => {
    const { parent, links } = decideTracePolicy(anonymous, parseCallerContext(HEADERS));
    expect(trace.getSpanContext(parent)).toBeUndefined();
    expect(links.map((link) => link.context.traceId)).toEqual([TRACE_ID]);
  });

  it.each([
    ['a key with the scope trace', ['trace'] as const, TRACE_ID],
    ['a key without that scope', ['inference'] as const, undefined],
  ])('continues the trace only for keys with the scope trace: %s', (_name, scopes, expected) => {
    const identity = { kind: 'key', keyId: 'k', prefix: 'p', tenantId: 't', scopes } as const;
    const { parent, links } = decideTracePolicy(identity, parseCallerContext(HEADERS));
    expect(trace.getSpanContext(parent)?.traceId).toBe(expected);
    expect(links).toHaveLength(expected === undefined ? 1 : 0);
  });

  it('receives no baggage from the caller', () => {
    expect(propagation.getBaggage(parseCallerContext(HEADERS))).toBeUndefined();
  });

  it.each(['00-0-0-00', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, `ff-${TRACE_ID}-b7ad6b7169203331-01`, 'x'])(
    'receives no link when traceparent is malformed: %s',
    (traceparent) => {
      expect(createLinks(parseCallerContext({ traceparent }))).toEqual([]);
    },
  );

  it('starts a root span without links when there is no traceparent', () => {
    expect(decideTracePolicy(anonymous, parseCallerContext({}))).toEqual({ parent: ROOT_CONTEXT, links: [] });
  });
});
