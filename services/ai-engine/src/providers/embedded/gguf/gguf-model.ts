import path from 'node:path';
import { UnavailableError } from '@aion/errors';
import type { Logger } from '@aion/logging';
import type { ChatCompletionCall, ProviderResponse } from '../../provider.ts';
import { parseChatRequest } from '../chat-request.ts';
import { answerCall } from './answer-call.ts';
import { askWorker } from './ask-worker.ts';
import type { GenerationQueue } from './generation-queue.ts';
import { startWorkerProcess } from './worker-process.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Options of `createGgufModel`. */
export interface GgufModelOptions {
  readonly modelPath: string;
  /** Threads that compute; keep it below the number of cores. */
  readonly threads: number;
  readonly queue: GenerationQueue;
  /** Told when loading has ended, after so many milliseconds. */
  readonly onLoad?: (outcome: 'loaded' | 'failed', durationMs: number) => void;
  readonly logger: Logger;
}

/** One GGUF file, run by a child process that is started at the first completion and again after a crash. */
export interface GgufModel {
  /** The child's process id, while there is one. */
  readonly pid: number | undefined;
  /**
   * Resolves when the prompt is accepted (a stream) or the answer complete.
   * @throws InvalidRequestError, UnavailableError (queue full), ProviderError, or the signal's reason.
   */
  createChatCompletion(call: ChatCompletionCall): Promise<ProviderResponse>;
  /** Ends the child; the completion in progress and those that wait fail. */
  close(): Promise<void>;
}

/** A worker with the model in it, and the model's file and quantisation. */
interface Loaded {
  readonly worker: WorkerProcess;
  readonly systemFingerprint: string;
}

/** Creates the model; nothing runs before its first completion. */
export function createGgufModel(options: GgufModelOptions): GgufModel {
  const { modelPath, threads, queue, logger } = options;
  let worker: WorkerProcess | undefined;
  let loading: Promise<Loaded> | undefined;
  let isClosed = false;

  const load = async (): Promise<Loaded> => {
    if (isClosed) throw new UnavailableError('The embedded provider is closed: this service is stopping.');
    const startedAt = performance.now();
    const loadMs = (): number => performance.now() - startedAt;
    const started = startWorkerProcess(logger);
    worker = started;
    try {
      const { quantisation } = await askWorker(started, { type: 'load', modelPath, threads }, 'ready');
      options.onLoad?.('loaded', loadMs());
      logger.info('A model is loaded', { path: modelPath, pid: started.pid, quantisation, threads });
      return { worker: started, systemFingerprint: `${path.basename(modelPath)} ${quantisation}` };
    } catch (error) {
      options.onLoad?.('failed', loadMs());
      await started.kill();
      throw error;
    }
  };

  /** Loading goes on when its caller leaves: the next one has use of it. */
  const ensureLoaded = (): Promise<Loaded> => {
    if (loading === undefined || worker?.isAlive !== true) loading = load();
    return loading;
  };

  const enterAndLoad = async (signal: AbortSignal): Promise<Loaded & { leave: () => void }> => {
    const leave = await queue.enter(signal);
    try {
      const loaded = await ensureLoaded();
      signal.throwIfAborted();
      return { ...loaded, leave };
    } catch (error) {
      leave();
      throw error;
    }
  };

  return {
    get pid() {
      return worker?.isAlive === true ? worker.pid : undefined;
    },
    createChatCompletion: async (call) => {
      const request = parseChatRequest(call.body);
      const { worker: ready, systemFingerprint, leave } = await enterAndLoad(call.signal);
      return answerCall({ call, request, worker: ready, systemFingerprint, onIdle: leave });
    },
    close: async () => {
      isClosed = true;
      await worker?.kill();
    },
  };
}
