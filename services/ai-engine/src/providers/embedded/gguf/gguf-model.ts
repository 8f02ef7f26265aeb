import path from 'node:path';
import { UnavailableError } from '@aion/errors';
import type { Logger } from '@aion/logging';
import type { ChatCompletionCall, ProviderResponse } from '../../provider.ts';
import { parseChatRequest } from '../chat-request.ts';
import { answerCall } from './answer-call.ts';
import { callWorker } from './call-worker.ts';
import type { GenerationQueue } from './generation-queue.ts';
import { startWorkerProcess } from './worker-process.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Options of `createGgufModel`. */
export interface GgufModelOptions {
  readonly modelPath: string;
  /** Compute threads; must be fewer than the cores. */
  readonly threads: number;
  readonly queue: GenerationQueue;
  /** Called with the outcome and the duration of each load. */
  readonly onLoad?: (outcome: 'loaded' | 'failed', durationMs: number) => void;
  readonly logger: Logger;
}

/** Model of one GGUF file, in a child process that starts with the first completion and restarts after a crash. */
export interface GgufModel {
  /** Process id of the running child. */
  readonly pid: number | undefined;
  /**
   * Resolves when the prompt is accepted (streams) or the answer is complete.
   * @throws InvalidRequestError, UnavailableError (queue full), ProviderError, or the signal's reason
   */
  createChatCompletion(call: ChatCompletionCall): Promise<ProviderResponse>;
  /** Ends the child; the running completion and those in the queue fail. */
  close(): Promise<void>;
}

/** Worker with its loaded model, identified by file and quantisation. */
interface Loaded {
  readonly worker: WorkerProcess;
  readonly systemFingerprint: string;
}

/** Creates the model; its process starts with the first completion. */
export function createGgufModel(options: GgufModelOptions): GgufModel {
  const { modelPath, threads, queue, logger } = options;
  let worker: WorkerProcess | undefined;
  let loading: Promise<Loaded> | undefined;
  let isClosed = false;

  const load = async (): Promise<Loaded> => {
    if (isClosed) throw new UnavailableError('The embedded provider is closed because the service is stopping.');
    const startedAt = performance.now();
    const loadMs = (): number => performance.now() - startedAt;
    const started = startWorkerProcess(logger);
    worker = started;
    try {
      const { quantisation } = await callWorker(started, { type: 'load', modelPath, threads }, 'ready');
      options.onLoad?.('loaded', loadMs());
      logger.info('Model loaded', { path: modelPath, pid: started.pid, quantisation, threads });
      return { worker: started, systemFingerprint: `${path.basename(modelPath)} ${quantisation}` };
    } catch (error) {
      options.onLoad?.('failed', loadMs());
      await started.kill();
      throw error;
    }
  };

  /** Loading continues when its caller disconnects, because the next caller can use the model. */
  const ensureLoaded = (): Promise<Loaded> => {
    if (loading === undefined || worker?.isAlive !== true) loading = load();
    return loading;
  };

  const acquireAndLoad = async (signal: AbortSignal): Promise<Loaded & { release: () => void }> => {
    const release = await queue.acquire(signal);
    try {
      const loaded = await ensureLoaded();
      signal.throwIfAborted();
      return { ...loaded, release };
    } catch (error) {
      release();
      throw error;
    }
  };

  return {
    get pid() {
      return worker?.isAlive === true ? worker.pid : undefined;
    },
    createChatCompletion: async (call) => {
      const request = parseChatRequest(call.body);
      const { worker: ready, systemFingerprint, release } = await acquireAndLoad(call.signal);
      return answerCall({ call, request, worker: ready, systemFingerprint, onIdle: release });
    },
    close: async () => {
      isClosed = true;
      await worker?.kill();
    },
  };
}
