import { ProviderError } from '@aion/errors';

/** Model of a provider, with the fields of OpenAI's `GET /v1/models`. */
export interface ProviderModel {
  /** Name in requests, such as `embedded/extractive`. */
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly ownedBy: string;
}

/** Chat completion request to a provider, in OpenAI's format. */
export interface ChatCompletionCall {
  /** One of the ids of `listModels()`. */
  readonly model: string;
  /** Validated body of the caller; its `model` is the caller's name for the model. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly stream: boolean;
  /** Aborted when the client has disconnected or the deadline has passed; stops the provider immediately. */
  readonly signal: AbortSignal;
}

/** Response of a provider: bytes in OpenAI's format, JSON or server-sent events, never re-serialised. */
export interface ProviderResponse {
  readonly status: number;
  /** `application/json` or `text/event-stream`, with the parameters that the provider sent. */
  readonly contentType: string;
  /** Body, read with back-pressure; returning its iterator cancels the provider's work. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Port to a model provider. Adapters: `openai-compatible` and `embedded`. */
export interface Provider {
  /** Name from a closed set, used as a metric label: `openai`, `embedded`. */
  readonly name: string;
  listModels(): Promise<readonly ProviderModel[]>;
  /**
   * Starts the completion; resolves with the status and headers of the response.
   * @throws ProviderUnreachableError when the provider is unreachable; ProviderError when it responds with 5xx;
   * InvalidRequestError when it rejects the request
   */
  createChatCompletion(call: ChatCompletionCall): Promise<ProviderResponse>;
  close(): Promise<void>;
}

/** The connection to the provider failed before the response began. */
export class ProviderUnreachableError extends ProviderError {}
