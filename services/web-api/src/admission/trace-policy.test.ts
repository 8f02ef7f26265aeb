import { startTracing } from '@aion/tracing';
import { propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { callerContext, linksTo, tracePolicy } from './trace-policy.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const HEADERS = {
  traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01`,
  tracestate: 'a=1',
  baggage: 'aion.tenant_id=evil',
};
const anonymous = { kind: 'anonymous' } as const;
const tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: true, sampleRatio: 1 });

afterAll(() => tracing.shutdown());

describe('the trace policy', () => {
  it('starts a root with a link to the span of a stranger', () => {
    const { parent, links } = tracePolicy(anonymous, callerContext(HEADERS));
    expect(trace.getSpanContext(parent)).toBeUndefined();
    expect(links.map((link) => link.context.traceId)).toEqual([TRACE_ID]);
  });

  it.each([
    ['a key with the scope trace', ['trace'] as const, TRACE_ID],
    ['a key without it', ['inference'] as const, undefined],
  ])('continues the trace for the right keys: %s', (_name, scopes, expected) => {
    const identity = { kind: 'key', keyId: 'k', prefix: 'p', tenantId: 't', scopes } as const;
    const { parent, links } = tracePolicy(identity, callerContext(HEADERS));
    expect(trace.getSpanContext(parent)?.traceId).toBe(expected);
    expect(links).toHaveLength(expected === undefined ? 1 : 0);
  });

  it('takes no baggage from outside', () => {
    expect(propagation.getBaggage(callerContext(HEADERS))).toBeUndefined();
  });

  it.each(['00-0-0-00', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, `ff-${TRACE_ID}-b7ad6b7169203331-01`, 'x'])(
    'links to nothing when the header is malformed: %s',
    (traceparent) => {
      expect(linksTo(callerContext({ traceparent }))).toEqual([]);
    },
  );

  it('is a root without links when no header was sent', () => {
    expect(tracePolicy(anonymous, callerContext({}))).toEqual({ parent: ROOT_CONTEXT, links: [] });
  });
});
