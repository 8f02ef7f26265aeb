import { startJaeger } from '@aion/testkit';
import { withSpan } from '@aion/tracing';
import type { TelemetryRun } from './telemetry-run.ts';

/** Tests the loss of the tracing backend; degradation.e2e.test.ts tests other faults of backends. */
export function describeOutage(getRun: () => TelemetryRun, jaegerPath: string): void {
  describe('an outage of Jaeger', () => {
    it('fails no request, and spans arrive again afterwards', async () => {
      const run = getRun();
      await run.observed.jaeger.stop('SIGKILL');
      for (let round = 0; round < 5; round += 1) {
        await Promise.all(Array.from({ length: 10 }, (_each, index) => run.complete(index % 2 === 0)));
      }
      expect(await run.exportTenant()).toMatchObject({ state: 'ready' });
      const { ports } = run.observed.jaeger;
      const successor = await startJaeger(jaegerPath, { ports });
      try {
        await run.untilTraced(await withSpan('after the outage', {}, () => run.complete(false)));
      } finally {
        await successor.stop();
      }
    });
  });
}
