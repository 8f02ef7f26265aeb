import { describeWithProgram } from '@aion/testkit';
import { describeLogs } from './telemetry/describe-logs.ts';
import { describeMetrics } from './telemetry/describe-metrics.ts';
import { describeMonitoringPage } from './telemetry/describe-monitoring-page.ts';
import { describeOutage } from './telemetry/describe-outage.ts';
import { describeSecrets } from './telemetry/describe-secrets.ts';
import { describeTraces } from './telemetry/describe-traces.ts';
import { startTelemetryRun, type TelemetryRun } from './telemetry/telemetry-run.ts';

// One platform for all parts; each asserts another aspect of its telemetry.
describeWithProgram('prometheus', 'telemetry', (prometheusPath) => {
  describeWithProgram('jaeger', 'of the platform:', (jaegerPath) => {
    let run: TelemetryRun;
    beforeAll(async () => {
      run = await startTelemetryRun({ jaegerPath, prometheusPath });
    }, 120_000);
    afterAll(() => run.observed.stop(), 60_000);
    const getRun = (): TelemetryRun => run;

    describeTraces(getRun);
    describeMetrics(getRun);
    describeLogs(getRun);
    describeSecrets(getRun);
    describeMonitoringPage(getRun);
    describeOutage(getRun, jaegerPath);
  });
});
