import type { Problem } from '@aion/errors';
import { toPlainText } from '../output/to-plain-text.ts';

/** The API has refused a request, or cannot carry it out. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly problem: Partial<Problem>;
  readonly requestId: string | undefined;
  /** What `Retry-After` asks for. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, problem: Partial<Problem>, headers: Headers = new Headers()) {
    super(`${problem.title ?? 'The API refused'} (${status}): ${problem.detail ?? 'it gave no reason.'}`);
    this.status = status;
    this.problem = problem;
    this.requestId = problem.request_id ?? headers.get('x-request-id') ?? undefined;
    const seconds = Number.parseInt(headers.get('retry-after') ?? '', 10);
    this.retryAfterSeconds = Number.isNaN(seconds) ? undefined : seconds;
  }
}

/** No answer came from the address of the API, or none that is the API's. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** Reads the refusal that an answer holds: problem details (RFC 9457), or the start of what else it says. */
export async function readApiError(answer: Response): Promise<ApiError> {
  const text = await answer.text();
  const problem = parseProblem(text) ?? { title: answer.statusText, detail: text.slice(0, 300) };
  return new ApiError(answer.status, problem, answer.headers);
}

function parseProblem(text: string): Partial<Problem> | undefined {
  try {
    const body: unknown = JSON.parse(text);
    // What a newer or older release says is printed as far as it is understood.
    return typeof body === 'object' && body !== null && 'detail' in body ? (body as Partial<Problem>) : undefined;
  } catch {
    // Not JSON: a proxy's page.
    return undefined;
  }
}

/** What a refusal says, for people: title and detail, each wrong field, what to do about the key, the request's id. */
export function formatApiError({ message, status, problem, requestId }: ApiError): string {
  const fields = Array.isArray(problem.errors) ? problem.errors : [];
  return [
    `error: ${message}`,
    ...fields.map(({ pointer, detail }) => `  ${pointer === '' ? '/' : pointer}: ${detail}`),
    ...(status === 401 ? ['  Give a key that works by AION_API_KEY or --key-file FILE.'] : []),
    ...(requestId === undefined ? [] : [`  request id ${requestId}`]),
  ]
    .map(toPlainText)
    .join('\n');
}
