import { InvalidRequestError, ProviderError } from '@aion/errors';
import type { GenerateCommand, GenerationResult } from './types.ts';
import type { WorkerEvent, WorkerProcess } from './worker-process.ts';

/** A cancelled generation stops at the next token; a worker that does not stop within this time is killed. */
const CANCEL_GRACE_MS = 5_000;

/** One generation in progress. */
export interface Generation {
  /** Resolves when the worker has accepted the prompt; rejects like `finished`. */
  readonly started: Promise<void>;
  /** Rejects with InvalidRequestError (rejected), ProviderError (failed, crashed), or immediately the signal's reason. */
  readonly finished: Promise<GenerationResult>;
  /** Resolves when the worker is idle or has exited; after a cancellation this is later than `finished`. */
  readonly idle: Promise<void>;
}

/**
 * Starts one generation in an idle worker with a loaded model; the signal must not be aborted yet. The worker does not
 * wait for a slow reader of the text: the buffered text is bounded by the token limit of the answer.
 */
export function runGeneration(
  worker: WorkerProcess,
  command: GenerateCommand,
  signal: AbortSignal,
  onText: (text: string) => void,
): Generation {
  const started = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<GenerationResult>();
  const idle = Promise.withResolvers<void>();
  // A caller that awaits only one of the two must not leave the other's rejection unhandled.
  started.promise.catch(() => undefined);
  finished.promise.catch(() => undefined);
  const fail = (reason: unknown): void => {
    started.reject(reason);
    finished.reject(reason);
  };
  const stopCancelling = cancelOnAbort(worker, signal, () => fail(signal.reason));
  worker.listen((event) => {
    if (event.type === 'started') started.resolve();
    else if (event.type === 'text') {
      if (!signal.aborted) onText(event.text);
    } else {
      if (event.type === 'done') finished.resolve({ finishReason: event.finishReason, usage: event.usage });
      else fail(toFailure(event));
      stopCancelling();
      idle.resolve();
    }
  });
  if (worker.isAlive) worker.post(command);
  return { started: started.promise, finished: finished.promise, idle: idle.promise };
}

function cancelOnAbort(worker: WorkerProcess, signal: AbortSignal, onCancel: () => void): () => void {
  let killTimer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    onCancel();
    worker.post({ type: 'cancel' });
    killTimer = setTimeout(() => void worker.kill(), CANCEL_GRACE_MS);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  return () => {
    clearTimeout(killTimer);
    signal.removeEventListener('abort', onAbort);
  };
}

function toFailure(event: WorkerEvent): Error {
  if (event.type === 'rejected') return new InvalidRequestError(event.message, { param: 'messages' });
  if (event.type === 'failed') return new ProviderError(`The embedded model failed: ${event.message}.`);
  if (event.type === 'exit') return new ProviderError(`The model process exited during the answer: ${event.message}.`);
  return new ProviderError(`The model process sent an unexpected '${event.type}'.`);
}
