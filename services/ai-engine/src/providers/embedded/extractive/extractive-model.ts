import { createTimeSlice, type TimeSlice } from '../../../tokens/time-slice.ts';
import { loadTokenCounter, type TokenCounter } from '../../../tokens/token-counter.ts';
import type { Provider, ProviderModel } from '../../provider.ts';
import { createAnswerWriter } from '../answer-writer.ts';
import { parseChatRequest, type ChatRequest } from '../chat-request.ts';
import { extractAnswer } from './extract-answer.ts';

/** Entry of the model list. `created` is the date of the first version. */
export const EXTRACTIVE_MODEL: ProviderModel = {
  id: 'embedded/extractive',
  created: Date.UTC(2026, 0, 1) / 1000,
  ownedBy: 'aion',
};

/** Changes whenever the answers change. */
const SYSTEM_FINGERPRINT = 'aion-extractive-2';
/** Longest time without a pause for the event loop, except during one unusually long sentence. */
const SLICE_MS = 8;
/** Overhead of OpenAI's chat format per message and at the beginning of the answer (OpenAI Cookbook). */
const OVERHEAD_TOKENS = 3;

/**
 * Creates the built-in model, which answers with sentences of the conversation. It exists so that the demo, the tests and
 * a first trial exercise the complete path of a completion (streaming, cancellation, limits, usage, export) on a machine
 * without a provider key, model file or network, with deterministic answers that visibly concern the given text.
 */
export function createExtractiveModel(): Pick<Provider, 'createChatCompletion'> {
  let loading: Promise<TokenCounter> | undefined;
  return {
    createChatCompletion: async ({ body, model, stream, signal }) => {
      const request = parseChatRequest(body);
      signal.throwIfAborted();
      const slice = createTimeSlice(signal, SLICE_MS);
      const counter = await (loading ??= loadTokenCounter());
      const text = truncateAtStop(await extractAnswer(request.messages, slice), request.stop);
      const limited = await counter.cut(text, request.maxTokens ?? Infinity, slice);
      const finishReason = limited.text.length < text.length ? 'length' : 'stop';
      const promptTokens = await countPrompt(request, counter, slice);
      const usage = { promptTokens, completionTokens: limited.tokens };
      const { includeUsage } = request;
      const writer = createAnswerWriter({ model, systemFingerprint: SYSTEM_FINGERPRINT, includeUsage });

      // eslint-disable-next-line @typescript-eslint/require-await -- the body of a response is an async iterable
      async function* write(): AsyncGenerator<Uint8Array> {
        if (!stream) {
          yield writer.completion(limited.text, finishReason, usage);
          return;
        }
        yield writer.start();
        for (const [piece] of limited.text.matchAll(/\s*\S{1,24}|\s+/gu)) {
          signal.throwIfAborted();
          yield writer.text(piece);
        }
        yield writer.end(finishReason, usage);
      }
      return {
        status: 200,
        contentType: stream ? 'text/event-stream; charset=utf-8' : 'application/json',
        body: write(),
      };
    },
  };
}

function truncateAtStop(text: string, stop: readonly string[]): string {
  const ends = stop.map((sequence) => text.indexOf(sequence)).filter((index) => index >= 0);
  return text.slice(0, Math.min(text.length, ...ends));
}

async function countPrompt({ messages }: ChatRequest, counter: TokenCounter, slice: TimeSlice): Promise<number> {
  let tokens = OVERHEAD_TOKENS;
  for (const { role, text } of messages) {
    tokens += OVERHEAD_TOKENS + (await counter.count(role, slice)) + (await counter.count(text, slice));
  }
  return tokens;
}
