import type { ChatCompletionRequest } from '@aion/contracts';
import { AionError, ClientClosedRequestError, toAionError } from '@aion/errors';
import type { Logger } from '@aion/logging';
import { failSpan, openSpan, type OpenSpan } from '@aion/tracing';
import { context, SpanKind } from '@opentelemetry/api';
import { v7 as uuidv7 } from 'uuid';
import type { ProviderResponse } from '../providers/provider.ts';
import type { ProviderRegistry, RoutedModel } from '../providers/provider-registry.ts';
import { createDocumentScanner, createEventScanner, type AnswerScanner } from './answer-scanner.ts';
import type { GenerationStore } from './generation-store.ts';
import type { InferenceMetrics, InferenceSession } from './inference-metrics.ts';
import { inputTypeOf, wantsText } from './input-type.ts';
import type { PriceTable } from './price-table.ts';
import { toSettlement } from './to-settlement.ts';

/** Completion to be run for a tenant. */
export interface ChatCommand {
  readonly tenantId: string;
  readonly apiKeyId: string;
  readonly body: ChatCompletionRequest;
  readonly signal: AbortSignal;
}

/** Completion whose response has begun. */
export interface ChatAnswer {
  readonly generationId: string;
  readonly provider: string;
  readonly model: string;
  readonly contentType: string;
  /** Bytes of the provider. Closing the iterator cancels the provider's work and settles the usage so far. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Service that runs completions: it routes them, records metrics, and stores a row for every call of a provider. */
export interface ChatService {
  /** Resolves when the provider has begun to respond and the intent is durable. */
  run(command: ChatCommand): Promise<ChatAnswer>;
  /** Resolves when every settlement has ended. */
  drain(): Promise<void>;
}

/** Dependencies of the chat service. */
export interface ChatServiceDeps {
  readonly registry: ProviderRegistry;
  readonly store: GenerationStore;
  readonly metrics: InferenceMetrics;
  readonly prices: PriceTable;
  readonly logger: Logger;
}

/** Completion in progress. */
interface Generation {
  readonly id: string;
  readonly command: ChatCommand;
  readonly route: RoutedModel;
  readonly span: OpenSpan;
  readonly session: InferenceSession;
  readonly startedAt: number;
  readonly upstream: AbortController;
}

/** Creates the chat service. */
export function createChatService(deps: ChatServiceDeps): ChatService {
  const settling = new Set<Promise<void>>();
  return {
    run: async (command) => {
      const route = await deps.registry.route(command.body.model);
      const generation = begin(deps, command, route);
      try {
        const response = await context.with(generation.span.context, () => callProvider(deps, generation));
        const body = passThrough(deps, generation, response);
        settleIfAbandoned(deps, generation, body);
        return {
          generationId: generation.id,
          provider: route.provider.name,
          model: route.model,
          contentType: response.contentType,
          body,
        };
      } catch (thrown) {
        // The caller receives the error without waiting for the settlement, since the database may be what failed.
        const settlement = settle(deps, generation, undefined, thrown).finally(() => settling.delete(settlement));
        settling.add(settlement);
        throw thrown;
      }
    },
    drain: async () => {
      await Promise.all(settling);
    },
  };
}

function begin(deps: ChatServiceDeps, command: ChatCommand, route: RoutedModel): Generation {
  const { provider, model } = route;
  // With an explicit provider, callers may send any model name: telemetry contains only listed names.
  const label = deps.registry.labelOf(model);
  const span = openSpan(`chat ${label}`, {
    subject: 'ai',
    kind: SpanKind.CLIENT,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': provider.name,
      'gen_ai.request.model': label,
      'aion.inference.stream': command.body.stream === true,
    },
  });
  const session = deps.metrics.begin({
    provider: provider.name,
    model: label,
    inputType: inputTypeOf(command.body.messages),
    outputIsText: wantsText(command.body),
  });
  const upstream = new AbortController();
  return { id: uuidv7(), command, route, span, session, startedAt: performance.now(), upstream };
}

/** Calls the provider while the intent is being written; a failure of one aborts the other. */
async function callProvider(deps: ChatServiceDeps, generation: Generation): Promise<ProviderResponse> {
  const { command, route, upstream } = generation;
  const { body } = command;
  const signal = AbortSignal.any([command.signal, upstream.signal]);
  const stream = body.stream === true;
  const intent = deps.store.open(
    {
      id: generation.id,
      tenantId: command.tenantId,
      apiKeyId: command.apiKeyId,
      provider: route.provider.name,
      model: route.model,
      stream,
      estimatedPromptTokens: Math.ceil(JSON.stringify(body.messages).length / 4),
      request: body,
    },
    signal,
  );
  const response = route.provider.createChatCompletion({ model: route.model, body, stream, signal });
  try {
    const [answer] = await Promise.all([response, intent]);
    return answer;
  } catch (thrown) {
    upstream.abort(thrown);
    // Both end before this request ends, so that no work continues in the background.
    await Promise.allSettled([response, intent]);
    throw command.signal.aborted ? toAionError(command.signal.reason) : thrown;
  }
}

async function* passThrough(
  deps: ChatServiceDeps,
  generation: Generation,
  response: ProviderResponse,
): AsyncGenerator<Uint8Array> {
  const { command, session } = generation;
  const isStream = response.contentType.startsWith('text/event-stream');
  const passUsage = command.body.stream_options?.include_usage === true;
  const scanner = isStream ? createEventScanner({ passUsage }) : createDocumentScanner();
  let outcome: unknown = new ClientClosedRequestError('The client closed the connection.');
  try {
    for await (const chunk of response.body) {
      const passed = scanner.push(chunk);
      if (scanner.hasContent) session.firstToken();
      if (passed.length > 0) yield passed;
    }
    outcome = undefined;
    const last = scanner.end();
    // The row is complete before the client sees the end of the response.
    await settle(deps, generation, scanner, undefined);
    if (last.length > 0) yield last;
  } catch (thrown) {
    outcome = command.signal.aborted ? command.signal.reason : thrown;
    throw thrown;
  } finally {
    if (outcome !== undefined) {
      generation.upstream.abort(outcome);
      await settle(deps, generation, scanner, outcome);
    }
  }
}

/**
 * Settles a body that is never read because its client disconnected: a generator that was not started runs no `finally`,
 * so the abort of the request starts and closes it.
 */
function settleIfAbandoned(deps: ChatServiceDeps, { id, command }: Generation, body: AsyncGenerator<Uint8Array>): void {
  const onAbort = (): void => {
    body.next().then(
      () => body.return(undefined),
      (error: unknown) => deps.logger.debug('Abandoned response settled', { generation_id: id, error }),
    );
  };
  if (command.signal.aborted) onAbort();
  else command.signal.addEventListener('abort', onAbort, { once: true });
}

/** Completes the row, the metrics and the span of a generation. A failure of the store is logged, not thrown. */
async function settle(
  deps: ChatServiceDeps,
  generation: Generation,
  scanner: AnswerScanner | undefined,
  failure: unknown,
): Promise<void> {
  const { session, span } = generation;
  await context.with(span.context, async () => {
    const { id, command, route, startedAt } = generation;
    const settlement = await toSettlement({
      id,
      tenantId: command.tenantId,
      messages: command.body.messages,
      provider: route.provider.name,
      model: route.model,
      prices: deps.prices,
      answer: scanner?.result(),
      failure,
      durationMs: Math.round(performance.now() - startedAt),
      timeToFirstTokenMs: session.timeToFirstTokenMs,
    });
    session.end(settlement);
    span.span.setAttributes({
      'gen_ai.usage.input_tokens': settlement.promptTokens,
      'gen_ai.usage.output_tokens': settlement.completionTokens,
      'aion.inference.status': settlement.status,
    });
    if (failure !== undefined && settlement.status === 'failed') failSpan(span.span, failure);
    try {
      await deps.store.settle(settlement);
    } catch (error) {
      // Not found: the intent was never stored, so no response was sent.
      const level = error instanceof AionError && error.code === 'NOT_FOUND' ? 'info' : 'error';
      deps.logger[level]('Settlement not stored', { generation_id: generation.id, error });
    } finally {
      span.span.end();
    }
  });
}
