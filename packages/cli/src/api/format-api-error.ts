import type { ApiError } from '@aion/client';
import { toPlainText } from '../output/to-plain-text.ts';

/** Formats an error response for people: title and detail, each wrong field, how to give a valid key, the request id. */
export function formatApiError({ message, status, problem, requestId }: ApiError): string {
  const fields = Array.isArray(problem.errors) ? problem.errors : [];
  return [
    `error: ${message}`,
    ...fields.map(({ pointer, detail }) => `  ${pointer === '' ? '/' : pointer}: ${detail}`),
    ...(status === 401 ? ['  Give a valid key with AION_API_KEY or --key-file FILE.'] : []),
    ...(requestId === undefined ? [] : [`  request id ${requestId}`]),
  ]
    .map(toPlainText)
    .join('\n');
}
