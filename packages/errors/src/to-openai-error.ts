import { ERROR_KINDS } from './error-kinds.ts';
import { toAionError } from './to-aion-error.ts';

/** Error body of OpenAI's API, returned by `/v1`. */
export interface OpenAiErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
  };
}

/** Maps any thrown value to OpenAI's error body; the message of an unknown error is never included. */
export function toOpenAiError(thrown: unknown): OpenAiErrorBody {
  const error = toAionError(thrown);
  const kind = ERROR_KINDS[error.code];
  return {
    error: { message: error.message, type: kind.openAiType, param: error.param ?? null, code: kind.openAiCode },
  };
}
