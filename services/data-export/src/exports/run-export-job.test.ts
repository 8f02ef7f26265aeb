import type { JobResult } from '@aion/queue';
import type { ExportFailure, ExportOutcome, ExportRef } from './export.ts';
import { createRunExportHandler, toJobResult } from './run-export-job.ts';

const FAILURE: ExportFailure = { code: 'INVALID_RECIPIENT', message: 'No.' };
const PAYLOAD = { export_id: 'e', tenant_id: 't' };

describe('toJobResult', () => {
  it.each<[ExportOutcome, Partial<JobResult>]>([
    [{ kind: 'ready' }, { status: 'completed' }],
    [{ kind: 'failed', failure: FAILURE }, { status: 'completed' }],
    [{ kind: 'nothing-to-do' }, { status: 'completed', skipped: true }],
    [
      { kind: 'held', retryAfterMs: 7_000 },
      { status: 'retry', delayMs: 7_000 },
    ],
    [
      { kind: 'retry', code: 'UNAVAILABLE', delayMs: 30_000 },
      { status: 'retry', delayMs: 30_000 },
    ],
    [{ kind: 'superseded' }, { status: 'retry' }],
    [{ kind: 'interrupted' }, { status: 'retry' }],
  ])('maps %j to %j', (outcome, result) => {
    expect(toJobResult(outcome)).toMatchObject(result);
  });
});

describe('handler of run-export', () => {
  it('passes ids and signal to the service', async () => {
    const seen: [ExportRef, AbortSignal][] = [];
    const handle = createRunExportHandler({
      run: (ref, signal) => {
        seen.push([ref, signal]);
        return Promise.resolve({ kind: 'ready' });
      },
    });
    const { signal } = new AbortController();
    expect(await handle(PAYLOAD, { id: 'job', attempt: 1, signal })).toEqual({ status: 'completed' });
    expect(seen).toEqual([[{ exportId: 'e', tenantId: 't' }, signal]]);
  });

  it('returns a retry result for a run that is to be repeated', async () => {
    const handle = createRunExportHandler({
      run: () => Promise.resolve({ kind: 'retry', code: 'UNAVAILABLE', delayMs: 30_000 }),
    });
    const { signal } = new AbortController();
    const result = await handle(PAYLOAD, { id: 'job', attempt: 1, signal });
    expect(result).toMatchObject({ status: 'retry', delayMs: 30_000 });
  });
});
