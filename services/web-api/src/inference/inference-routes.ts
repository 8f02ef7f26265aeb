import { internalRoutes, routes, STREAM_TERMINATOR } from '@aion/contracts';
import { bindRoute, streamReply, type BoundRoute, type ServiceClient, type StreamResult } from '@aion/http';
import { callerOf } from '../callers/caller-of.ts';

/** Options of `createInferenceRoutes`. */
export interface InferenceRoutesOptions {
  readonly aiEngine: ServiceClient;
  /** Timeout of ai-engine's response; the deadline of the request applies in any case. */
  readonly timeoutMs: number;
}

/** Creates the OpenAI-compatible routes. */
export function createInferenceRoutes({ aiEngine, timeoutMs }: InferenceRoutesOptions): readonly BoundRoute[] {
  return [
    bindRoute(routes.chatCompletions.create, async (request) => {
      const { rawBody, signal } = request;
      const answer = await aiEngine.stream(internalRoutes.inference.runChatCompletion, {
        rawBody,
        caller: callerOf(routes.chatCompletions.create, request),
        signal,
        timeoutMs,
      });
      const { status, contentType, body } = answer;
      return streamReply({
        status,
        contentType,
        headers: selectHeaders(answer),
        body,
        terminator: STREAM_TERMINATOR,
      });
    }),
    bindRoute(routes.models.list, ({ signal }) => aiEngine.call(internalRoutes.inference.listModels, { signal })),
  ];
}

/** Selects the headers of ai-engine that the caller receives: provider and model, and the length of a JSON answer. */
function selectHeaders({ headers, contentType }: StreamResult): Record<string, string> {
  const isForwarded = (name: string) => name.startsWith('x-aion-') || name === 'content-length';
  const forwarded = Object.entries(headers).filter(
    (header): header is [string, string] => isForwarded(header[0]) && typeof header[1] === 'string',
  );
  // A proxy must neither cache nor buffer an event stream.
  const stream = { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' };
  return { ...Object.fromEntries(forwarded), ...(contentType.startsWith('text/event-stream') ? stream : {}) };
}
