import type { JobResult } from '@aion/queue';
import type { ExportRef } from './export-gateway.ts';
import { createRunExportHandler } from './export-worker.ts';

const PAYLOAD = { export_id: 'e', tenant_id: 't' };

describe('handler of run-export', () => {
  it('passes ids and signal to the service', async () => {
    const calls: [ExportRef, AbortSignal][] = [];
    const handle = createRunExportHandler({
      run: (ref, signal) => {
        calls.push([ref, signal]);
        return Promise.resolve({ status: 'completed' });
      },
    });
    const { signal } = new AbortController();
    expect(await handle(PAYLOAD, { id: 'job', attempt: 1, signal })).toEqual({ status: 'completed' });
    expect(calls).toEqual([[{ exportId: 'e', tenantId: 't' }, signal]]);
  });

  it('returns the result of the service unchanged', async () => {
    const result: JobResult = { status: 'retry', delayMs: 30_000, reason: 'UNAVAILABLE' };
    const handle = createRunExportHandler({ run: () => Promise.resolve(result) });
    const { signal } = new AbortController();
    expect(await handle(PAYLOAD, { id: 'job', attempt: 1, signal })).toBe(result);
  });
});
