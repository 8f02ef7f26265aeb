import { SERVICE_NAMES } from '@aion/launcher';
import { withSpan } from '@aion/tracing';
import {
  findLeaks,
  plantCanaries,
  plantEverywhere,
  plantInNames,
  plantInProviderErrors,
  readSinks,
  type Sinks,
} from '../support/canaries.ts';
import { MODEL, type TelemetryRun } from './telemetry-run.ts';

/** Tests that telemetry contains no secrets of callers and operators. */
export function describeSecrets(getRun: () => TelemetryRun): void {
  describe('telemetry', () => {
    it('contains no secret of a header, query, prompt or body in any log line, span, metric, job or error', async () => {
      const run = getRun();
      const answers = await plantCanaries(run.observed, plantEverywhere);
      expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
      expect(new Set(answers.map(({ status }) => status))).toContain(200);
      const { logs, spans, metrics, queue } = await readSettledSinks(run);
      const errors = answers.filter(({ status }) => status >= 400).map(({ body }) => body);
      expect(findLeaks({ logs, spans, metrics, queue, errors: errors.join('\n') })).toEqual([]);
    });

    it('contains no secret of a path or model name in any log line, span, metric, job or error', async () => {
      const run = getRun();
      const answers = await plantCanaries(run.observed, plantInNames);
      expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
      const errors = answers.map(({ body }) => body).join('\n');
      expect(findLeaks({ ...(await readSettledSinks(run)), errors })).toEqual([]);
    });

    it("contains no secret of a provider's error in any log line, span, metric, job or error", async () => {
      const run = getRun();
      const answers = await plantCanaries(run.observed, plantInProviderErrors);
      expect(answers.filter(({ status }) => status < 400)).toEqual([]);
      const errors = answers.map(({ body }) => body).join('\n');
      expect(findLeaks({ ...(await readSettledSinks(run)), errors })).toEqual([]);
    });
  });
}

/** Reads all telemetry once everything sent before has arrived. */
async function readSettledSinks(run: TelemetryRun): Promise<Sinks> {
  // Spans arrive in order: once the last ones have arrived, all earlier ones have.
  const last = await withSpan('last request', {}, () => run.complete(false));
  await run.untilTraced(last);
  const sinks = await readSinks(run.observed, [...SERVICE_NAMES, 'client']);
  // Each sink is really read.
  expect(sinks.logs).toContain(last);
  expect(sinks.spans).toContain(last);
  expect(sinks.metrics).toContain(MODEL);
  expect(sinks.queue).toContain(run.exported.id);
  return sinks;
}
