import { describeWithProgram } from '@aion/testkit';
import { describeLogs } from './telemetry/describe-logs.ts';
import { describeMetrics } from './telemetry/describe-metrics.ts';
import { describeMonitoringPage } from './telemetry/describe-monitoring-page.ts';
import { describeOutage } from './telemetry/describe-outage.ts';
import { describeSecrets } from './telemetry/describe-secrets.ts';
import { describeTraces } from './telemetry/describe-traces.ts';
import { startTelemetryRun, type TelemetryRun } from './telemetry/telemetry-run.ts';

// One platform for all: each part looks at another side of what it has told.
describeWithProgram('prometheus', 'telemetry', (prometheusPath) => {
  describeWithProgram('jaeger', 'of the whole platform', (jaegerPath) => {
    let run: TelemetryRun;
    beforeAll(async () => {
      run = await startTelemetryRun({ jaegerPath, prometheusPath });
    }, 120_000);
    afterAll(() => run.observed.stop(), 60_000);
    const of = (): TelemetryRun => run;

    describeTraces(of);
    describeMetrics(of);
    describeLogs(of);
    describeSecrets(of);
    describeMonitoringPage(of);
    describeOutage(of, jaegerPath);
  });
});
