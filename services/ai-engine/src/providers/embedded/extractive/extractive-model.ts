import type { ChatCompletionCall, ProviderModel, ProviderResponse } from '../../provider.ts';
import { createAnswerWriter } from '../chat-answer.ts';
import type { AnswerWriter, FinishReason, TokenUsage } from '../chat-answer.ts';
import { parseChatRequest } from '../chat-request.ts';
import type { ChatMessage, ChatRequest } from '../chat-request.ts';
import { extractAnswer } from './extract-answer.ts';
import { createTextSegmenter } from './text-segmenter.ts';
import { createTimeSlice } from './time-slice.ts';
import type { TimeSlice } from './time-slice.ts';
import { loadTokenCounter } from './token-counter.ts';
import type { TokenCounter } from './token-counter.ts';

/** The built-in model, which needs no file and no network. `created` is the date of this version of it. */
export const EXTRACTIVE_MODEL: ProviderModel = {
  id: 'embedded/extractive',
  created: Date.UTC(2026, 0, 1) / 1000,
  ownedBy: 'aion',
};

/** Changes with any change of the algorithm's answers. */
const SYSTEM_FINGERPRINT = 'aion-extractive-1';
/** The event loop is held no longer than this at a time, save for one sentence of uncommon length. */
const SLICE_MS = 8;
/** Overhead of OpenAI's chat format: tokens per message, and tokens that begin the answer (OpenAI Cookbook). */
const TOKENS_PER_MESSAGE = 3;
const TOKENS_OF_ANSWER_START = 3;
const CHUNK = /\s*\S{1,24}(?:\s+\S{1,24}){0,2}/gu;

/** Answers chat completions by sentence ranking. */
export interface ExtractiveModel {
  /** @throws InvalidRequestError for what it cannot honour; the signal's reason once that is aborted. */
  createChatCompletion(call: ChatCompletionCall): Promise<ProviderResponse>;
}

interface Answer {
  readonly text: string;
  readonly finishReason: FinishReason;
  readonly usage: TokenUsage;
}

/** Creates the model; its tokenizer is loaded with the first completion. */
export function createExtractiveModel(): ExtractiveModel {
  const segmenter = createTextSegmenter();
  let counterLoading: Promise<TokenCounter> | undefined;
  return {
    createChatCompletion: async ({ body, model, stream, signal }) => {
      const request = parseChatRequest(body);
      signal.throwIfAborted();
      const slice = createTimeSlice(signal, SLICE_MS);
      counterLoading ??= loadTokenCounter();
      const counter = await counterLoading;
      const text = await extractAnswer(request.messages, segmenter, slice);
      const answer = await limitAnswer(text, request, counter, slice);
      const { includeUsage } = request;
      const writer = createAnswerWriter({ model, systemFingerprint: SYSTEM_FINGERPRINT, includeUsage });
      return stream
        ? { status: 200, contentType: 'text/event-stream; charset=utf-8', body: streamAnswer(answer, writer, signal) }
        : { status: 200, contentType: 'application/json', body: wholeAnswer(answer, writer) };
    },
  };
}

/** Ends the answer where its first stop sequence or its token limit does, whichever comes first. */
async function limitAnswer(
  text: string,
  { messages, stop, maxTokens }: ChatRequest,
  counter: TokenCounter,
  slice: TimeSlice,
): Promise<Answer> {
  const stopAt = Math.min(...stop.map((sequence) => text.indexOf(sequence)).filter((index) => index >= 0), text.length);
  const stopped = text.slice(0, stopAt);
  const cut = await counter.cut(stopped, maxTokens ?? Number.POSITIVE_INFINITY, slice);
  return {
    text: cut.text,
    finishReason: cut.text.length < stopped.length ? 'length' : 'stop',
    usage: { promptTokens: await countPrompt(messages, counter, slice), completionTokens: cut.tokens },
  };
}

async function countPrompt(messages: readonly ChatMessage[], counter: TokenCounter, slice: TimeSlice): Promise<number> {
  let tokens = TOKENS_OF_ANSWER_START;
  for (const { role, text } of messages) {
    tokens += TOKENS_PER_MESSAGE + (await counter.count(role, slice)) + (await counter.count(text, slice));
  }
  return tokens;
}

// eslint-disable-next-line @typescript-eslint/require-await -- the port asks for an async iterable
async function* wholeAnswer({ text, finishReason, usage }: Answer, writer: AnswerWriter): AsyncGenerator<Uint8Array> {
  yield writer.whole(text, finishReason, usage);
}

// eslint-disable-next-line @typescript-eslint/require-await -- the port asks for an async iterable
async function* streamAnswer(answer: Answer, writer: AnswerWriter, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield writer.start();
  let sent = 0;
  for (const [chunk] of answer.text.matchAll(CHUNK)) {
    signal.throwIfAborted();
    sent += chunk.length;
    yield writer.text(chunk);
  }
  if (sent < answer.text.length) yield writer.text(answer.text.slice(sent));
  yield writer.end(answer.finishReason, answer.usage);
}
