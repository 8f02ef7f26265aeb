import type { internalRoutes, BodyOf } from '@aion/contracts';
import { toProblem, type Problem } from '@aion/errors';
import type { GenerationStore } from './generation-store.ts';

type Batch = BodyOf<typeof internalRoutes.generations.writeBatch>;

/** Opens and settles the generations of a batch; returns the result of each, in order. */
export async function writeBatch(
  generations: GenerationStore,
  { opened, settled }: Batch,
): Promise<{ opened: Outcome[]; settled: Outcome[] }> {
  const openings = opened.map(
    ({ generation_id: id, trace_id: traceId, correlation_id: correlationId, ...generation }) =>
      toOutcome(generations.open(id, generation, { traceId, correlationId })),
  );
  const settlings = settled.map(({ generation_id: id, ...settlement }) =>
    toOutcome(generations.settle(id, settlement)),
  );
  return { opened: await Promise.all(openings), settled: await Promise.all(settlings) };
}

/** Null for success. */
type Outcome = (Problem & Record<string, unknown>) | null;

function toOutcome(write: Promise<void>): Promise<Outcome> {
  return write.then(
    () => null,
    (error: unknown) => ({ ...toProblem(error) }),
  );
}
