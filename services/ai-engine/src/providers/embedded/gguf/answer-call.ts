import { Readable } from 'node:stream';
import type { ChatCompletionCall, ProviderResponse } from '../../provider.ts';
import { createAnswerWriter } from '../answer-writer.ts';
import type { AnswerWriter } from '../answer-writer.ts';
import type { ChatRequest } from '../chat-request.ts';
import { runGeneration } from './run-generation.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Options of `answerCall`. */
export interface AnswerCallOptions {
  readonly call: ChatCompletionCall;
  readonly request: ChatRequest;
  readonly worker: WorkerProcess;
  readonly systemFingerprint: string;
  /** Called once, when the worker is ready for the next generation or has exited. */
  readonly onIdle: () => void;
}

/**
 * Runs one call in a worker and returns the answer in OpenAI's format.
 * @throws the rejection reason of `Generation.finished`; a stream that has begun throws it from its body
 */
export async function answerCall(options: AnswerCallOptions): Promise<ProviderResponse> {
  const { call, request, systemFingerprint } = options;
  const writer = createAnswerWriter({ model: call.model, systemFingerprint, includeUsage: request.includeUsage });
  return call.stream ? respondWithStream(options, writer) : respondAtEnd(options, writer);
}

async function respondAtEnd(options: AnswerCallOptions, writer: AnswerWriter): Promise<ProviderResponse> {
  const { call, request, worker, onIdle } = options;
  let text = '';
  const generation = runGeneration(worker, { type: 'generate', ...request }, call.signal, (piece) => (text += piece));
  void generation.idle.then(onIdle);
  const { finishReason, usage } = await generation.finished;
  const body = Readable.from([writer.completion(text, finishReason, usage)]);
  return { status: 200, contentType: 'application/json', body };
}

async function respondWithStream(options: AnswerCallOptions, writer: AnswerWriter): Promise<ProviderResponse> {
  const { call, request, worker, onIdle } = options;
  const abandoned = new AbortController();
  const body = new Readable({
    read: () => undefined,
    destroy: (error, done) => {
      abandoned.abort(error ?? new Error('The answer is no longer read.'));
      done(error);
    },
  });
  // An error before the body is read is thrown from its iterator; without a listener it would end the process.
  body.on('error', () => undefined);
  body.push(writer.start());
  const signal = AbortSignal.any([call.signal, abandoned.signal]);
  const generation = runGeneration(worker, { type: 'generate', ...request }, signal, (text) => {
    if (text !== '') body.push(writer.text(text));
  });
  void generation.idle.then(onIdle);
  await generation.started;
  void generation.finished.then(
    ({ finishReason, usage }) => {
      body.push(writer.end(finishReason, usage));
      body.push(null);
    },
    // A stream throws the value with which it was destroyed to its reader, even an abort reason that is no Error.
    (error: unknown) => body.destroy(error as Error),
  );
  return { status: 200, contentType: 'text/event-stream; charset=utf-8', body };
}
