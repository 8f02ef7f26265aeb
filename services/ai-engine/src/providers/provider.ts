import { ProviderError } from '@aion/errors';

/** A model that a provider offers, in the fields of OpenAI's `GET /v1/models`. */
export interface ProviderModel {
  /** The name by which a client asks for it, such as `embedded/extractive`. */
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly ownedBy: string;
}

/** A chat completion to be sent to a provider, in OpenAI's dialect. */
export interface ChatCompletionCall {
  /** One of the ids of `listModels()`. */
  readonly model: string;
  /** The caller's validated body; `model` in it is still the caller's. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly stream: boolean;
  /** Aborted when the client has gone or the deadline has passed: the provider stops working at once. */
  readonly signal: AbortSignal;
}

/** A provider's answer: always bytes in OpenAI's dialect, JSON or server-sent events, never re-serialised. */
export interface ProviderResponse {
  readonly status: number;
  /** `application/json` or `text/event-stream`, with parameters as the provider sent them. */
  readonly contentType: string;
  /** Read with back-pressure; destroying the iterator cancels the provider's work. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Somewhere that models run. Adapters: `openai-compatible` and `embedded`. */
export interface Provider {
  /** A closed-set name, used as a metric label: `openai`, `embedded`. */
  readonly name: string;
  listModels(): Promise<readonly ProviderModel[]>;
  /**
   * Starts the completion and resolves when the answer's head is known.
   * @throws ProviderUnreachableError when the provider cannot be reached; ProviderError when it answers 5xx;
   * InvalidRequestError for a request that it refuses
   */
  createChatCompletion(call: ChatCompletionCall): Promise<ProviderResponse>;
  close(): Promise<void>;
}

/** No connection to the provider was to be had, or it broke before an answer began. */
export class ProviderUnreachableError extends ProviderError {}
