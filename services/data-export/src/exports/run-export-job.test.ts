import { RetryJobLaterError } from '@aion/queue';
import type { ExportFailure, ExportOutcome, ExportRef } from './export.ts';
import { classifyOutcome, createRunExportHandler } from './run-export-job.ts';

const FAILURE: ExportFailure = { code: 'INVALID_RECIPIENT', message: 'No.' };
const PAYLOAD = { export_id: 'e', tenant_id: 't' };

describe('classifyOutcome', () => {
  it.each<[ExportOutcome, unknown]>([
    [{ kind: 'ready' }, { kind: 'end', outcome: 'done' }],
    [
      { kind: 'failed', failure: FAILURE },
      { kind: 'end', outcome: 'done' },
    ],
    [{ kind: 'nothing-to-do' }, { kind: 'end', outcome: 'skipped' }],
    [
      { kind: 'held', retryAfterMs: 7_000 },
      { kind: 'later', delayMs: 7_000 },
    ],
    [
      { kind: 'retry', code: 'UNAVAILABLE', delayMs: 30_000 },
      { kind: 'later', delayMs: 30_000 },
    ],
    [{ kind: 'superseded' }, { kind: 'later' }],
    [{ kind: 'interrupted' }, { kind: 'later' }],
  ])('takes %j for %j', (outcome, verdict) => {
    expect(classifyOutcome(outcome)).toMatchObject(verdict as object);
  });
});

describe('the handler of run-export', () => {
  it('passes ids and signal on', async () => {
    const seen: [ExportRef, AbortSignal][] = [];
    const handle = createRunExportHandler({
      run: (ref, signal) => {
        seen.push([ref, signal]);
        return Promise.resolve({ kind: 'ready' });
      },
    });
    const { signal } = new AbortController();
    expect(await handle(PAYLOAD, { id: 'job', attempt: 1, signal })).toBe('done');
    expect(seen).toEqual([[{ exportId: 'e', tenantId: 't' }, signal]]);
  });

  it('asks for another run without using up an attempt', async () => {
    const handle = createRunExportHandler({
      run: () => Promise.resolve({ kind: 'retry', code: 'UNAVAILABLE', delayMs: 30_000 }),
    });
    const { signal } = new AbortController();
    const run = handle(PAYLOAD, { id: 'job', attempt: 1, signal });
    await expect(run).rejects.toBeInstanceOf(RetryJobLaterError);
    await expect(run).rejects.toMatchObject({ delayMs: 30_000 });
  });
});
