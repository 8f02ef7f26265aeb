import type { ChatMessage } from '../chat-request.ts';
import type { FinishReason, TokenUsage } from '../chat-answer.ts';

/** One generation as the worker runs it; the sampling fields keep OpenAI's meaning. */
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

/** What the service tells a worker. A worker generates one answer at a time, so no message carries an id. */
export type GgufCommand =
  | { readonly type: 'probe' }
  | { readonly type: 'load'; readonly modelPath: string; readonly threads: number }
  | GenerateCommand
  | { readonly type: 'cancel' };

/** How a generation ended that the worker finished. */
export interface GenerationResult {
  readonly finishReason: FinishReason;
  readonly usage: TokenUsage;
}

/** What a worker tells the service. `done`, `refused`, `cancelled` and `failed` end a generation. */
export type GgufEvent =
  | { readonly type: 'probed' }
  | { readonly type: 'ready'; readonly quantisation: string; readonly contextTokens: number }
  | { readonly type: 'started' }
  | { readonly type: 'text'; readonly text: string }
  | ({ readonly type: 'done' } & GenerationResult)
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'cancelled' }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'log'; readonly message: string };
