import { ProviderError } from '@aion/errors';
import type { GgufCommand } from './gguf-protocol.ts';
import type { WorkerEvent, WorkerProcess } from './worker-process.ts';

/** Long enough for a large file on a slow disk; short enough for one that llama.cpp chokes on. */
const ANSWER_TIMEOUT_MS = 120_000;

/**
 * Sends a command and waits for its answer; after two minutes the worker is killed.
 * @throws ProviderError when the worker reports a failure or ends; its standard error is the cause.
 */
export function askWorker<Type extends 'probed' | 'ready'>(
  worker: WorkerProcess,
  command: GgufCommand,
  answer: Type,
): Promise<Extract<WorkerEvent, { type: Type }>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => void worker.kill(), ANSWER_TIMEOUT_MS);
    worker.listen((event) => {
      clearTimeout(timer);
      if (event.type === answer) {
        // Compared on the line above; the compiler does not narrow by a generic value.
        resolve(event as Extract<WorkerEvent, { type: Type }>);
      } else if (event.type === 'failed' || event.type === 'exit') {
        const cause = worker.stderr === '' ? {} : { cause: new Error(worker.stderr.trim()) };
        reject(new ProviderError(`The model process could not start: ${event.message}.`, cause));
      }
    });
    if (worker.isAlive) worker.post(command);
  });
}
