import { MAX_GENERATION_BATCH, internalRoutes, type BodyInputOf } from '@aion/contracts';
import { fromProblem, InternalError, UnavailableError } from '@aion/errors';
import type { ServiceClient } from '@aion/http';
import { activeIds, activeSpanIds } from '@aion/tracing';
import { ExponentialBackoff, handleType, retry } from 'cockatiel';
import type { GenerationStore, OpenedGeneration, Settlement } from '../inference/generation-store.ts';
import { createSharedCalls } from './shared-calls.ts';

type Batch = BodyInputOf<typeof internalRoutes.generations.writeBatch>;

/** Row to be written, as sent to database-gateway in a batch. */
type Write =
  | { readonly kind: 'opened'; readonly id: string; readonly row: Batch['opened'][number] }
  | { readonly kind: 'settled'; readonly id: string; readonly row: Batch['settled'][number] };

/** Retries of a settlement, which outlives its request: enough for a restart of the database. */
const SETTLE_ATTEMPTS = 8;
/** Limit of concurrent calls; up to this number each write has its own call, beyond it writes are batched. */
const MAX_CALLS = 16;
const MAX_BYTES = 4 * 1_048_576;
const RECORD_TIMEOUT_MS = 10_000;

/** Creates the store on database-gateway. Under load, writes are batched; each is durable when its promise resolves. */
export function createGenerationStore(client: ServiceClient): GenerationStore {
  const persist = retry(handleType(UnavailableError), {
    maxAttempts: SETTLE_ATTEMPTS,
    backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: 5_000 }),
  });
  const write = createSharedCalls<Write>({
    maxCalls: MAX_CALLS,
    maxItems: MAX_GENERATION_BATCH,
    maxBytes: MAX_BYTES,
    bytesOf: ({ row }) => JSON.stringify(row).length,
    alone: (item, signal) => writeAlone(client, item, signal),
    together: (items) => writeTogether(client, items),
  });
  return {
    open: (generation, signal) => write({ kind: 'opened', id: generation.id, row: toOpening(generation) }, signal),
    settle: (settlement) =>
      persist.execute(() => write({ kind: 'settled', id: settlement.id, row: toSettlement(settlement) })),
  };
}

async function writeAlone(client: ServiceClient, write: Write, signal: AbortSignal | undefined): Promise<void> {
  const params = { generation_id: write.id };
  if (write.kind === 'opened') {
    const { generation_id: _id, trace_id: _trace, correlation_id: _correlation, ...body } = write.row;
    await client.call(internalRoutes.generations.open, { params, body, ...(signal === undefined ? {} : { signal }) });
    return;
  }
  const { generation_id: _id, ...body } = write.row;
  await client.call(internalRoutes.generations.settle, {
    params,
    body,
    timeoutMs: RECORD_TIMEOUT_MS,
    outlivesRequest: true,
  });
}

async function writeTogether(client: ServiceClient, writes: readonly Write[]): Promise<(Error | undefined)[]> {
  const opened = writes.flatMap((write) => (write.kind === 'opened' ? [write.row] : []));
  const settled = writes.flatMap((write) => (write.kind === 'settled' ? [write.row] : []));
  const body = { opened, settled };
  const outcomes = await client.call(internalRoutes.generations.writeBatch, {
    body,
    timeoutMs: RECORD_TIMEOUT_MS,
    outlivesRequest: true,
  });
  const left = { opened: outcomes.opened.values(), settled: outcomes.settled.values() };
  return writes.map(({ kind, id }) => {
    const { value } = left[kind].next();
    if (value === null) return undefined;
    return fromProblem(value) ?? new InternalError(`database-gateway returned no outcome of generation ${id}.`);
  });
}

function toOpening(generation: OpenedGeneration): Batch['opened'][number] {
  return {
    generation_id: generation.id,
    tenant_id: generation.tenantId,
    api_key_id: generation.apiKeyId,
    provider: generation.provider,
    model: generation.model,
    stream: generation.stream,
    estimated_prompt_tokens: generation.estimatedPromptTokens,
    request: generation.request,
    trace_id: activeSpanIds()?.traceId ?? null,
    correlation_id: activeIds().correlationId ?? null,
  };
}

function toSettlement(settlement: Settlement): Batch['settled'][number] {
  return {
    generation_id: settlement.id,
    tenant_id: settlement.tenantId,
    status: settlement.status,
    error_type: settlement.errorType,
    prompt_tokens: settlement.promptTokens,
    completion_tokens: settlement.completionTokens,
    usage_source: settlement.usageSource,
    cost_micro_usd: settlement.costMicroUsd,
    duration_ms: settlement.durationMs,
    time_to_first_token_ms: settlement.timeToFirstTokenMs,
    response: settlement.response,
  };
}
