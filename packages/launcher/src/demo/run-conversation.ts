import { errorMessage } from '@aion/errors';
import { captureTraceparent, withSpan } from '@aion/tracing';
import { SpanKind } from '@opentelemetry/api';
import OpenAI from 'openai';
import type { Conversation } from './read-conversations.ts';

/** Result of one request. */
export interface DemoResponse {
  readonly id: string | null;
  readonly model: string;
  readonly streamed: boolean;
  readonly question: string;
  readonly answer: string;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly durationMs: number;
  /** Time until the first chunk of a streamed answer. */
  readonly firstTokenMs: number | null;
  /** Message of the error; null if the request succeeded. */
  readonly error: string | null;
}

/** Creates a client of the OpenAI SDK for the platform; each request carries the active trace context. */
export function createOpenAiClient(baseUrl: string, key: string): OpenAI {
  return new OpenAI({
    baseURL: `${baseUrl}/v1`,
    apiKey: key,
    // The OpenAI account of the user must not leak into requests to this platform.
    organization: null,
    project: null,
    fetch: (input, init) => {
      const headers = new Headers(init?.headers);
      for (const [name, value] of Object.entries(captureTraceparent())) headers.set(name, String(value));
      return fetch(input, { ...init, headers });
    },
  });
}

/** Options of {@link runConversation}. */
export interface ConversationRun {
  readonly client: OpenAI;
  readonly conversation: Conversation;
  readonly question: string;
  /** Model of requests that name none. */
  readonly defaultModel: string;
  readonly onText: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Sends one request and passes on the text of the answer as it arrives. A failed request is a result, not an exception. */
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
  const send = streamed ? sendStreamed : sendPlain;
  let error: string | null = null;
  const answer = await withSpan('chat request', { kind: SpanKind.CLIENT }, () =>
    send({ ...run, onText }, { ...conversation, model }, startedAt),
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

interface Answer {
  readonly id: string;
  readonly model: string;
  readonly usage: OpenAI.CompletionUsage | undefined;
  readonly firstTokenMs: number | null;
}

type Send = (
  run: ConversationRun,
  body: Conversation & { readonly model: string },
  startedAt: number,
) => Promise<Answer>;

const sendPlain: Send = async ({ client, onText, signal }, body) => {
  // Validated by the contract of the platform; the type of the SDK lists the fields of each provider.
  const request = { ...body, stream: false } as unknown as OpenAI.ChatCompletionCreateParamsNonStreaming;
  const { id, model, usage, choices } = await client.chat.completions.create(request, { signal });
  onText(choices[0]?.message.content ?? '');
  return { id, model, usage, firstTokenMs: null };
};

const sendStreamed: Send = async ({ client, onText, signal }, body, startedAt) => {
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
