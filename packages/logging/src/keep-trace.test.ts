import { startTracing, withSpan } from '@aion/tracing';
import { keepTrace } from './keep-trace.ts';

describe('sampling by trace', () => {
  it('keeps about the given share, and at the same ratio exactly the traces that are recorded', async () => {
    const tracing = startTracing({ serviceName: 'test', serviceVersion: '0', enabled: true, sampleRatio: 0.3 });
    let kept = 0;
    try {
      for (let i = 0; i < 3_000; i += 1) {
        await withSpan('work', {}, (span) => {
          const isKept = keepTrace(span.spanContext().traceId, 0.3);
          expect(isKept).toBe(span.isRecording());
          kept += isKept ? 1 : 0;
          return Promise.resolve();
        });
      }
    } finally {
      await tracing.shutdown();
    }
    expect(Math.abs(kept / 3_000 - 0.3)).toBeLessThan(0.05);
  });

  it.each(['00000000000000000000000000000001', 'ffffffffffffffffffffffff00000000'])(
    'keeps %s at 1 and not at 0',
    (traceId) => {
      expect(keepTrace(traceId, 1)).toBe(true);
      expect(keepTrace(traceId, 0)).toBe(false);
    },
  );
});
