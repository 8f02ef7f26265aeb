import type { Logger } from '@aion/logging';
import { askWorker } from './ask-worker.ts';
import { startWorkerProcess } from './worker-process.ts';

/** Tells, in a process of its own, whether llama.cpp's binary loads on this machine; warns when it does not. */
export async function probeLlama(logger: Logger, start = startWorkerProcess): Promise<boolean> {
  const worker = start(logger);
  try {
    await askWorker(worker, { type: 'probe' }, 'probed');
    return true;
  } catch (error) {
    logger.warn('llama.cpp does not load on this machine: GGUF models are not offered', { error });
    return false;
  } finally {
    await worker.kill();
  }
}
