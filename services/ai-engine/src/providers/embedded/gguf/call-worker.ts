import { ProviderError } from '@aion/errors';
import type { GgufCommand } from './types.ts';
import type { WorkerEvent, WorkerProcess } from './worker-process.ts';

/** Sufficient for a large file on a slow disk, and bounded for a file that makes llama.cpp hang. */
const REPLY_TIMEOUT_MS = 120_000;

/**
 * Sends a command and returns the worker's reply; kills the worker after two minutes without one.
 * @throws ProviderError when the worker reports a failure or exits; its standard error is the cause
 */
export function callWorker<Type extends 'probed' | 'ready'>(
  worker: WorkerProcess,
  command: GgufCommand,
  reply: Type,
): Promise<Extract<WorkerEvent, { type: Type }>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => void worker.kill(), REPLY_TIMEOUT_MS);
    worker.listen((event) => {
      clearTimeout(timer);
      if (event.type === reply) {
        // Compared above; the compiler does not narrow by a generic value.
        resolve(event as Extract<WorkerEvent, { type: Type }>);
      } else if (event.type === 'failed' || event.type === 'exit') {
        const cause = worker.stderr === '' ? {} : { cause: new Error(worker.stderr.trim()) };
        reject(new ProviderError(`The model process could not start: ${event.message}.`, cause));
      }
    });
    if (worker.isAlive) worker.post(command);
  });
}
