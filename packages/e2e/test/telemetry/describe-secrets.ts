import { SERVICE_NAMES } from '@aion/launcher';
import { withSpan } from '@aion/tracing';
import {
  leaksOf,
  plantCanaries,
  plantedAnywhere,
  plantedInNames,
  plantedInRefusals,
  sinksOf,
  type Sinks,
} from '../support/canaries.ts';
import { MODEL, type TelemetryRun } from './telemetry-run.ts';

/** Secrets of callers and operators are in no telemetry, by whichever way they came. */
export function describeSecrets(of: () => TelemetryRun): void {
  describe('telemetry', () => {
    it('holds no secret of a header, query, prompt or body in any log line, span, metric, job or error', async () => {
      const run = of();
      const answers = await plantCanaries(run.observed, plantedAnywhere);
      expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
      expect(new Set(answers.map(({ status }) => status))).toContain(200);
      const { logs, spans, metrics, queue } = await settledSinks(run);
      const errors = answers.filter(({ status }) => status >= 400).map(({ body }) => body);
      expect(leaksOf({ logs, spans, metrics, queue, errors: errors.join('\n') })).toEqual([]);
    });

    it('holds no secret of a path or model name in any log line, span, metric, job or error', async () => {
      const run = of();
      const answers = await plantCanaries(run.observed, plantedInNames);
      expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
      const errors = answers.map(({ body }) => body).join('\n');
      expect(leaksOf({ ...(await settledSinks(run)), errors })).toEqual([]);
    });

    it("holds no secret of a provider's error in any log line, span, metric, job or error", async () => {
      const run = of();
      const answers = await plantCanaries(run.observed, plantedInRefusals);
      expect(answers.filter(({ status }) => status < 400)).toEqual([]);
      const errors = answers.map(({ body }) => body).join('\n');
      expect(leaksOf({ ...(await settledSinks(run)), errors })).toEqual([]);
    });
  });
}

/** What telemetry holds once all that was sent before has arrived. */
async function settledSinks(run: TelemetryRun): Promise<Sinks> {
  // What is sent last arrives last: all spans before it are there, too.
  const last = await withSpan('last request', {}, () => run.complete(false));
  await run.untilTraced(last);
  const sinks = await sinksOf(run.observed, [...SERVICE_NAMES, 'client']);
  // Each of them is really read.
  expect(sinks.logs).toContain(last);
  expect(sinks.spans).toContain(last);
  expect(sinks.metrics).toContain(MODEL);
  expect(sinks.queue).toContain(run.exported.id);
  return sinks;
}
