import { internalRoutes } from '@aion/contracts';
import { bindRoute, type BoundRoute } from '@aion/http';
import type { GenerationStore } from './generation-store.ts';
import { writeBatch } from './write-batch.ts';

/** Creates the routes by which ai-engine opens and settles generations. */
export function createGenerationWriteRoutes(generations: GenerationStore): readonly BoundRoute[] {
  return [
    bindRoute(internalRoutes.generations.open, async ({ params, body }) => {
      await generations.open(params.generation_id, body);
      return undefined;
    }),
    bindRoute(internalRoutes.generations.settle, async ({ params, body }) => {
      await generations.settle(params.generation_id, body);
      return undefined;
    }),
    bindRoute(internalRoutes.generations.writeBatch, ({ body }) => writeBatch(generations, body)),
  ];
}
