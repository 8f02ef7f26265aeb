import type { ChatMessage } from '../chat-request.ts';
import type { FinishReason, TokenUsage } from '../answer-writer.ts';

/** Parameters of one generation; the sampling fields have the same meaning as in OpenAI's API. */
export interface GenerateCommand {
  readonly type: 'generate';
  readonly messages: readonly ChatMessage[];
  readonly maxTokens: number | undefined;
  readonly stop: readonly string[];
  readonly temperature: number | undefined;
  readonly topP: number | undefined;
  readonly seed: number | undefined;
  readonly frequencyPenalty: number | undefined;
  readonly presencePenalty: number | undefined;
}

/** Message from the service to a worker. A worker generates one answer at a time, so messages carry no id. */
export type GgufCommand =
  | { readonly type: 'probe' }
  | { readonly type: 'load'; readonly modelPath: string; readonly threads: number }
  | GenerateCommand
  | { readonly type: 'cancel' };

/** Result of a completed generation. */
export interface GenerationResult {
  readonly finishReason: FinishReason;
  readonly usage: TokenUsage;
}

/** Message from a worker to the service. `done`, `rejected`, `cancelled` and `failed` end a generation. */
export type GgufEvent =
  | { readonly type: 'probed' }
  | { readonly type: 'ready'; readonly quantisation: string; readonly contextTokens: number }
  | { readonly type: 'started' }
  | { readonly type: 'text'; readonly text: string }
  | ({ readonly type: 'done' } & GenerationResult)
  | { readonly type: 'rejected'; readonly message: string }
  | { readonly type: 'cancelled' }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'log'; readonly message: string };
