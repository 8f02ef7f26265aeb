import { randomUUID } from 'node:crypto';

/** Reason for the end of a completion, as in OpenAI's API. */
export type FinishReason = 'stop' | 'length';

/** Tokens of one completion, as the model counts them. */
export interface TokenUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** Fields that are the same in all chunks of one answer. */
export interface AnswerHead {
  readonly model: string;
  readonly systemFingerprint: string;
  /** Adds the usage chunk to a stream (`stream_options.include_usage`). */
  readonly includeUsage: boolean;
}

/** Serializes one answer in OpenAI's format, as one body or as server-sent events. */
export interface AnswerWriter {
  /** Returns the body of a `chat.completion`. */
  completion(text: string, finishReason: FinishReason, usage: TokenUsage): Uint8Array;
  /** Returns the first event, which contains the role. */
  start(): Uint8Array;
  /** Returns an event with a piece of the text. */
  text(text: string): Uint8Array;
  /** Returns the finish event, the usage event when requested, and `[DONE]`. */
  end(finishReason: FinishReason, usage: TokenUsage): Uint8Array;
}

/**
 * Creates the writer of one answer, with a new id and the current time.
 * Shapes: OpenAI API reference, "The chat completion object" and "The chat completion chunk object".
 */
export function createAnswerWriter(head: AnswerHead): AnswerWriter {
  const encoder = new TextEncoder();
  const common = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: head.model };
  const toEvent = (choices: readonly object[], usage: object | null = null): string =>
    `data: ${JSON.stringify({
      ...common,
      object: 'chat.completion.chunk',
      system_fingerprint: head.systemFingerprint,
      choices,
      ...(head.includeUsage ? { usage } : {}),
    })}\n\n`;
  const toChoice = (delta: object, finishReason: FinishReason | null = null): object[] => [
    { index: 0, delta, logprobs: null, finish_reason: finishReason },
  ];
  return {
    completion: (text, finishReason, usage) =>
      encoder.encode(
        JSON.stringify({
          ...common,
          object: 'chat.completion',
          choices: [
            {
              index: 0,
              message: { role: 'assistant', content: text, refusal: null },
              logprobs: null,
              finish_reason: finishReason,
            },
          ],
          usage: toOpenAiUsage(usage),
          system_fingerprint: head.systemFingerprint,
        }),
      ),
    start: () => encoder.encode(toEvent(toChoice({ role: 'assistant', content: '' }))),
    text: (text) => encoder.encode(toEvent(toChoice({ content: text }))),
    end: (finishReason, usage) => {
      const finish = toEvent(toChoice({}, finishReason));
      const counted = head.includeUsage ? toEvent([], toOpenAiUsage(usage)) : '';
      return encoder.encode(`${finish}${counted}data: [DONE]\n\n`);
    },
  };
}

function toOpenAiUsage(usage: TokenUsage): Record<string, number> {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
  };
}
