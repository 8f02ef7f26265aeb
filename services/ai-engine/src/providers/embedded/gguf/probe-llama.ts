import type { Logger } from '@aion/logging';
import { callWorker } from './call-worker.ts';
import { startWorkerProcess } from './worker-process.ts';

/** Reports whether llama.cpp's binary loads on this machine, tried in a separate process; warns when it does not. */
export async function probeLlama(logger: Logger, start = startWorkerProcess): Promise<boolean> {
  const worker = start(logger);
  try {
    await callWorker(worker, { type: 'probe' }, 'probed');
    return true;
  } catch (error) {
    logger.warn('llama.cpp could not be loaded, GGUF models are unavailable', { error });
    return false;
  } finally {
    await worker.kill();
  }
}
