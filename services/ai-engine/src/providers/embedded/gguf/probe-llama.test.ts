import type { Logger } from '@aion/logging';
import { probeLlama } from './probe-llama.ts';
import type { WorkerEvent, WorkerProcess } from './worker-process.ts';

/** Creates a worker that replies to its first command with one event. */
function createWorker(reply: WorkerEvent): WorkerProcess & { readonly killed: () => boolean } {
  let listener: (event: WorkerEvent) => void = () => undefined;
  let isKilled = false;
  return {
    pid: 1,
    isAlive: true,
    stderr: '',
    listen: (next) => (listener = next),
    post: () => listener(reply),
    kill: async () => {
      isKilled = true;
    },
    killed: () => isKilled,
  };
}

function createWarnings(): { logger: Logger; warnings: string[] } {
  const warnings: string[] = [];
  const nothing = (): void => undefined;
  const logger: Logger = {
    debug: nothing,
    info: nothing,
    error: nothing,
    warn: (message, fields) => void warnings.push(`${message} (${String(fields?.['error'])})`),
    child: () => logger,
  };
  return { logger, warnings };
}

describe('probeLlama', () => {
  it('returns true without a warning when the binary loads', async () => {
    const { logger, warnings } = createWarnings();
    const worker = createWorker({ type: 'probed' });
    expect(await probeLlama(logger, () => worker)).toBe(true);
    expect(warnings).toEqual([]);
    expect(worker.killed()).toBe(true);
  });

  it.each([
    { type: 'failed', message: 'NoBinaryFound' },
    { type: 'exit', message: 'it got SIGILL' },
  ] satisfies WorkerEvent[])('returns false and warns with the reason after %j', async (event) => {
    const { logger, warnings } = createWarnings();
    const worker = createWorker(event);
    expect(await probeLlama(logger, () => worker)).toBe(false);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(event.message);
    expect(worker.killed()).toBe(true);
  });
});
