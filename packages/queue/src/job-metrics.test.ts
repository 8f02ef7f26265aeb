import { toOutcomeLabel } from './job-metrics.ts';
import type { JobResult } from './job-result.ts';

describe('toOutcomeLabel', () => {
  it.each<[JobResult, string]>([
    [{ status: 'completed' }, 'done'],
    [{ status: 'completed', skipped: true }, 'skipped'],
    [{ status: 'retry', delayMs: 1 }, 'retried_later'],
    [{ status: 'released' }, 'handed_back'],
    [{ status: 'failed', reason: 'x' }, 'discarded'],
  ])('maps %j to %s', (result, label) => {
    expect(toOutcomeLabel(result)).toBe(label);
  });
});
