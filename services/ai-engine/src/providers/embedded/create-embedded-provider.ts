import { availableParallelism } from 'node:os';
import { ModelNotFoundError } from '@aion/errors';
import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import type { Provider } from '../provider.ts';
import { createExtractiveModel, EXTRACTIVE_MODEL } from './extractive/extractive-model.ts';
import { findGgufModels } from './gguf/find-gguf-models.ts';
import type { GgufModelFile } from './gguf/find-gguf-models.ts';
import { createGenerationQueue } from './gguf/generation-queue.ts';
import { createGgufModel } from './gguf/gguf-model.ts';
import type { GgufModel } from './gguf/gguf-model.ts';
import { createModelLoadMetrics } from './gguf/model-load-metrics.ts';
import { probeLlama } from './gguf/probe-llama.ts';

/** Options of `createEmbeddedProvider`. */
export interface EmbeddedProviderOptions {
  /** Folder of `*.gguf` files; it is read at every call, and need not exist. */
  readonly modelsDir: string;
  readonly logger: Logger;
  readonly metrics?: Metrics;
  /**
   * Threads of a language model; by default one fewer than the cores. With as many threads as busy cores llama.cpp spins
   * at its barriers, and an answer was measured to take 500 times as long.
   */
  readonly threads?: number;
  /** Maximum number of queued generations; 8 by default. Further ones are rejected with UnavailableError. */
  readonly maxWaiting?: number;
}

/**
 * Creates the provider that needs no network: `embedded/extractive`, and each GGUF model of a folder in a separate child
 * process. Where llama.cpp's binary does not load, it logs a warning and lists the former only.
 */
export function createEmbeddedProvider(options: EmbeddedProviderOptions): Provider {
  const { modelsDir, maxWaiting = 8 } = options;
  const threads = options.threads ?? Math.max(1, availableParallelism() - 1);
  const logger = options.logger.child('embedded');
  const extractive = createExtractiveModel();
  const queue = createGenerationQueue(maxWaiting);
  const ggufModels = new Map<string, GgufModel>();
  const loads = createModelLoadMetrics(options.metrics);
  loads.watch(EXTRACTIVE_MODEL.id, () => true);
  const warned = new Set<string>();
  let probing: Promise<boolean> | undefined;

  const findAvailable = async (): Promise<readonly GgufModelFile[]> => {
    const files = await findGgufModels(modelsDir, logger, warned);
    if (files.length === 0) return files;
    probing ??= probeLlama(logger);
    return (await probing) ? files : [];
  };

  const getGgufModel = async (id: string): Promise<GgufModel> => {
    const file = (await findAvailable()).find((available) => available.id === id);
    if (file === undefined) {
      throw new ModelNotFoundError(`The embedded provider has no model '${id}'. GET /v1/models lists its models.`, {
        param: 'model',
      });
    }
    const existing = ggufModels.get(file.path);
    if (existing !== undefined) return existing;
    const onLoad = loads.watch(id, () => model.pid !== undefined);
    const model = createGgufModel({ modelPath: file.path, threads, queue, logger, onLoad });
    ggufModels.set(file.path, model);
    return model;
  };

  return {
    name: 'embedded',
    listModels: async () => [
      EXTRACTIVE_MODEL,
      ...(await findAvailable()).map(({ id, created, ownedBy }) => ({ id, created, ownedBy })),
    ],
    createChatCompletion: async (call) => {
      if (call.model === EXTRACTIVE_MODEL.id) return extractive.createChatCompletion(call);
      const model = await getGgufModel(call.model);
      return model.createChatCompletion(call);
    },
    close: async () => {
      await probing;
      await Promise.all([...ggufModels.values()].map((model) => model.close()));
    },
  };
}
