import { once } from 'node:events';
import { type ChatCompletionRequest, internalRoutes } from '@aion/contracts';
import { ModelNotFoundError, ProviderError } from '@aion/errors';
import { bindRoute, requireTenantCaller, streamReply, type BoundRoute, type StreamReply } from '@aion/http';

/** One completion that reached ai-engine. */
export interface SeenCompletion {
  readonly tenantId: unknown;
  readonly apiKeyId: unknown;
  readonly timeoutMs: unknown;
  readonly traceparent: unknown;
  readonly rawBody: string;
}

export const FLOOD_CHUNK_BYTES = 65_536;
export const FLOOD_CHUNKS = 1_024;
const HEADERS = { 'x-aion-provider': 'peer', 'x-aion-model': 'peer/model', 'set-cookie': 'internal=1' };

/** Fake of ai-engine that implements its contract; the name of the model selects its behaviour. */
export class AiEnginePeer {
  readonly seen: SeenCompletion[] = [];
  /** Number of requested chunks of the flood. */
  floodChunks = 0;
  cancelled = 0;
  /** Timeout of the last request for the list of models. */
  listTimeoutMs = 0;
  /** Ends the responses of the model "held". */
  readonly release = new AbortController();

  routes(): BoundRoute[] {
    return [
      bindRoute(internalRoutes.ping.aiEngine, async () => ({ service: 'ai-engine' })),
      bindRoute(internalRoutes.inference.listModels, async ({ headers }) => {
        this.listTimeoutMs = Number(headers['x-aion-timeout-ms']);
        const model = { id: 'peer/model', object: 'model' as const, created: 1, owned_by: 'peer' };
        return { object: 'list' as const, data: [model] };
      }),
      bindRoute(internalRoutes.inference.runChatCompletion, async ({ body, rawBody, headers, identity, signal }) => {
        const { tenant_id: tenantId, actor_id: apiKeyId } = requireTenantCaller(identity);
        this.seen.push({
          tenantId,
          apiKeyId,
          timeoutMs: headers['x-aion-timeout-ms'],
          traceparent: headers['traceparent'],
          rawBody: rawBody.toString(),
        });
        return this.#answer(body, signal);
      }),
    ];
  }

  async #answer(body: ChatCompletionRequest, signal: AbortSignal): Promise<StreamReply> {
    switch (body.model) {
      case 'missing':
        throw new ModelNotFoundError('No provider offers the model "missing".', { param: 'model' });
      case 'broken':
        throw new ProviderError('The provider failed.');
      case 'silent':
        await this.#untilCancelled(signal);
        throw new Error('unreachable');
      case 'flood':
        return this.#stream(this.#flood());
      case 'pausing':
        return this.#stream(this.#pausing(signal));
      case 'held':
        return this.#stream(this.#held());
      case 'breaking':
        return this.#stream(breaking());
      default:
        return body.stream === true ? this.#stream(words()) : plain();
    }
  }

  #stream(body: AsyncIterable<Uint8Array>): StreamReply {
    return streamReply({ contentType: 'text/event-stream; charset=utf-8', headers: HEADERS, body });
  }

  async *#flood(): AsyncGenerator<Uint8Array> {
    for (let chunk = 0; chunk < FLOOD_CHUNKS; chunk += 1) {
      this.floodChunks += 1;
      yield Buffer.alloc(FLOOD_CHUNK_BYTES, 'x');
    }
  }

  async *#held(): AsyncGenerator<Uint8Array> {
    yield event({ choices: [{ index: 0, delta: { content: 'first' } }] });
    if (!this.release.signal.aborted) await once(this.release.signal, 'abort');
    yield Buffer.from('data: [DONE]\n\n');
  }

  async *#pausing(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    yield event({ choices: [{ index: 0, delta: { content: 'first' } }] });
    await this.#untilCancelled(signal);
  }

  async #untilCancelled(signal: AbortSignal): Promise<void> {
    if (!signal.aborted) await once(signal, 'abort');
    this.cancelled += 1;
  }
}

function event(value: object): Buffer {
  const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'peer/model', ...value };
  return Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`);
}

async function* words(): AsyncGenerator<Uint8Array> {
  for (const content of ['Hello', ' ', 'world']) yield event({ choices: [{ index: 0, delta: { content } }] });
  yield event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
  yield Buffer.from('data: [DONE]\n\n');
}

async function* breaking(): AsyncGenerator<Uint8Array> {
  yield event({ choices: [{ index: 0, delta: { content: 'first' } }] });
  throw new ProviderError('The provider aborted its stream.');
}

function plain(): StreamReply {
  const answer = {
    id: 'c',
    object: 'chat.completion',
    created: 1,
    model: 'peer/model',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello world' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
  };
  const bytes = Buffer.from(JSON.stringify(answer));
  const headers = { ...HEADERS, 'content-length': String(bytes.length) };
  return streamReply({
    contentType: 'application/json; charset=utf-8',
    headers,
    body: (async function* () {
      yield bytes;
    })(),
  });
}
