import { ERROR_KINDS } from './error-kinds.ts';
import { toAionError } from './to-aion-error.ts';

/** The error body of OpenAI's API, which `/v1` answers with. */
export interface OpenAiErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
  };
}

/** Maps any thrown value to OpenAI's error shape; internals of unknown errors never leak. */
export function toOpenAiError(thrown: unknown): OpenAiErrorBody {
  const error = toAionError(thrown);
  const kind = ERROR_KINDS[error.code];
  return {
    error: { message: error.message, type: kind.openAiType, param: error.param ?? null, code: kind.openAiCode },
  };
}
