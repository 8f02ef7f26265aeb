import { SERVICE_NAMES } from '@aion/launcher';
import type { TelemetryRun } from './telemetry-run.ts';

/** Tests that the logs of all services can be joined by the ids of a request. */
export function describeLogs(getRun: () => TelemetryRun): void {
  describe('log lines', () => {
    it('are JSON and can be joined by trace id across all services', () => {
      const run = getRun();
      const logs = run.observed.logs();
      for (const service of SERVICE_NAMES) {
        const lines = (logs[`${service}.log`] ?? '')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as LogLine);
        const joined = lines.filter((line) => line.trace_id === run.traceId);
        expect({ service, joins: joined.length > 0 }).toEqual({ service, joins: true });
        expect(new Set(joined.map((line) => line.service))).toEqual(new Set([service]));
        expect(new Set(joined.map((line) => line.tenant_id))).toEqual(new Set([run.observed.tenantId]));
      }
    });
  });
}

interface LogLine {
  readonly service: string;
  readonly trace_id?: string;
  readonly tenant_id?: string;
}
