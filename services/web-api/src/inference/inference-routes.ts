import { internalRoutes, routes, STREAM_TERMINATOR } from '@aion/contracts';
import { bindRoute, streamReply, type BoundRoute, type ServiceClient, type StreamResult } from '@aion/http';
import { callerOf } from '../management/caller-of.ts';

/** What the inference routes work with. */
export interface InferenceRoutesOptions {
  readonly aiEngine: ServiceClient;
  /** How long ai-engine may take to answer; the request's deadline holds in any case. */
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
        headers: headersToPassOn(answer),
        body,
        terminator: STREAM_TERMINATOR,
      });
    }),
    bindRoute(routes.models.list, ({ signal }) => aiEngine.call(internalRoutes.inference.listModels, { signal })),
  ];
}

/** What the caller may see of ai-engine's headers: which provider and model answered, and the length of plain JSON. */
function headersToPassOn({ headers, contentType }: StreamResult): Record<string, string> {
  const isPassedOn = (name: string) => name.startsWith('x-aion-') || name === 'content-length';
  const passedOn = Object.entries(headers).filter(
    (header): header is [string, string] => isPassedOn(header[0]) && typeof header[1] === 'string',
  );
  // A proxy must neither keep an event stream nor hold it back.
  const stream = { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' };
  return { ...Object.fromEntries(passedOn), ...(contentType.startsWith('text/event-stream') ? stream : {}) };
}
