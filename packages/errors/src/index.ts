export { AionError, type AionErrorOptions, type FieldProblem } from './aion-error.ts';
export * from './domain-errors.ts';
export { errorCode } from './error-code.ts';
export { ERROR_KINDS, isErrorCode, type ErrorCode } from './error-kinds.ts';
export { errorMessage } from './error-message.ts';
export { toOpenAiError, type OpenAiErrorBody } from './to-openai-error.ts';
export { fromProblem, PROBLEM_CONTENT_TYPE, toProblem, type Problem } from './problem.ts';
export { toAionError } from './to-aion-error.ts';
