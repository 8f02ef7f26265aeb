import { errorMessage } from '@aion/errors';
import { captureTraceparent, withSpan } from '@aion/tracing';
import { SpanKind } from '@opentelemetry/api';
import OpenAI from 'openai';
import type { Conversation } from './read-conversations.ts';

/** What came of one request. */
export interface DemoResponse {
  readonly id: string | null;
  readonly model: string;
  readonly streamed: boolean;
  readonly question: string;
  readonly answer: string;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly durationMs: number;
  /** Until the first piece of a streamed answer. */
  readonly firstTokenMs: number | null;
  /** Why it failed; null when it did not. */
  readonly error: string | null;
}

/** OpenAI's own SDK, pointed at the platform; each request carries the active trace. */
export function createOpenAiClient(baseUrl: string, key: string): OpenAI {
  return new OpenAI({
    baseURL: `${baseUrl}/v1`,
    apiKey: key,
    // The caller's own account must not leak into requests to this platform.
    organization: null,
    project: null,
    fetch: (input, init) => {
      const headers = new Headers(init?.headers);
      for (const [name, value] of Object.entries(captureTraceparent())) headers.set(name, String(value));
      return fetch(input, { ...init, headers });
    },
  });
}

/** One request of the demo. */
export interface ConversationRun {
  readonly client: OpenAI;
  readonly conversation: Conversation;
  readonly question: string;
  /** For requests that name none. */
  readonly defaultModel: string;
  readonly onText: (text: string) => void;
  readonly signal: AbortSignal;
}

interface Answer {
  readonly id: string;
  readonly model: string;
  readonly usage: OpenAI.CompletionUsage | undefined;
  readonly firstTokenMs: number | null;
}

/** Sends one request and hands out the text of its answer as it comes. A refusal is an outcome, not an exception. */
export async function runConversation(run: ConversationRun): Promise<DemoResponse> {
  const { conversation, question, signal } = run;
  const model = conversation.model ?? run.defaultModel;
  const streamed = conversation.stream === true;
  const startedAt = performance.now();
  let text = '';
  const onText = (piece: string): void => {
    text += piece;
    run.onText(piece);
  };
  const ask = streamed ? askStreamed : askPlain;
  let error: string | null = null;
  const answer = await withSpan('chat request', { kind: SpanKind.CLIENT }, () =>
    ask({ ...run, onText }, { ...conversation, model }, startedAt),
  ).catch((thrown: unknown) => {
    signal.throwIfAborted();
    error = errorMessage(thrown);
    return undefined;
  });
  return {
    id: answer?.id ?? null,
    model: answer?.model ?? model,
    streamed,
    question,
    answer: text,
    promptTokens: answer?.usage?.prompt_tokens ?? null,
    completionTokens: answer?.usage?.completion_tokens ?? null,
    durationMs: performance.now() - startedAt,
    firstTokenMs: answer?.firstTokenMs ?? null,
    error,
  };
}

type Ask = (
  run: ConversationRun,
  body: Conversation & { readonly model: string },
  startedAt: number,
) => Promise<Answer>;

const askPlain: Ask = async ({ client, onText, signal }, body) => {
  // The platform's contract has validated it; the SDK's type knows each provider's fields by name.
  const request = { ...body, stream: false } as unknown as OpenAI.ChatCompletionCreateParamsNonStreaming;
  const { id, model, usage, choices } = await client.chat.completions.create(request, { signal });
  onText(choices[0]?.message.content ?? '');
  return { id, model, usage, firstTokenMs: null };
};

const askStreamed: Ask = async ({ client, onText, signal }, body, startedAt) => {
  const request = {
    ...body,
    stream: true,
    stream_options: { ...body.stream_options, include_usage: true },
  } as unknown as OpenAI.ChatCompletionCreateParamsStreaming; // As above.
  let answer: Answer = { id: '', model: body.model, usage: undefined, firstTokenMs: null };
  for await (const chunk of await client.chat.completions.create(request, { signal })) {
    const piece = chunk.choices[0]?.delta.content ?? '';
    answer = {
      id: chunk.id,
      model: chunk.model,
      usage: chunk.usage ?? answer.usage,
      firstTokenMs: answer.firstTokenMs ?? (piece === '' ? null : performance.now() - startedAt),
    };
    if (piece !== '') onText(piece);
  }
  return answer;
};
