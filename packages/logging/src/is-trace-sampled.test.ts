import { startTracing, withSpan } from '@aion/tracing';
import { isTraceSampled } from './is-trace-sampled.ts';

describe('isTraceSampled', () => {
  it('selects about the given share of traces, and the same traces as the tracer at the same ratio', async () => {
    const tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: true, sampleRatio: 0.3 });
    let sampled = 0;
    try {
      for (let i = 0; i < 3_000; i += 1) {
        await withSpan('work', {}, (span) => {
          const isSampled = isTraceSampled(span.spanContext().traceId, 0.3);
          expect(isSampled).toBe(span.isRecording());
          sampled += isSampled ? 1 : 0;
          return Promise.resolve();
        });
      }
    } finally {
      await tracing.shutdown();
    }
    expect(Math.abs(sampled / 3_000 - 0.3)).toBeLessThan(0.05);
  });

  it.each(['00000000000000000000000000000001', 'ffffffffffffffffffffffff00000000'])(
    'selects trace %s at ratio 1 and not at ratio 0',
    (traceId) => {
      expect(isTraceSampled(traceId, 1)).toBe(true);
      expect(isTraceSampled(traceId, 0)).toBe(false);
    },
  );
});
