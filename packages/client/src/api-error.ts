import type { Problem } from '@aion/errors';

/** Error response of the API. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly problem: Partial<Problem>;
  readonly requestId: string | undefined;
  /** Delay that `Retry-After` requests. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, problem: Partial<Problem>, headers: Headers = new Headers()) {
    super(`${problem.title ?? 'Request rejected'} (${status}): ${problem.detail ?? 'no reason was given.'}`);
    this.status = status;
    this.problem = problem;
    this.requestId = problem.request_id ?? headers.get('x-request-id') ?? undefined;
    const seconds = Number.parseInt(headers.get('retry-after') ?? '', 10);
    this.retryAfterSeconds = Number.isNaN(seconds) ? undefined : seconds;
  }
}

/** Reads an error response: problem details (RFC 9457), or the start of any other body. */
export async function readApiError(response: Response): Promise<ApiError> {
  const text = await response.text();
  const problem = parseProblem(text) ?? { title: response.statusText, detail: text.slice(0, 300) };
  return new ApiError(response.status, problem, response.headers);
}

function parseProblem(text: string): Partial<Problem> | undefined {
  try {
    const body: unknown = JSON.parse(text);
    // Partial: another release of the API may send other fields.
    return typeof body === 'object' && body !== null && 'detail' in body ? (body as Partial<Problem>) : undefined;
  } catch {
    // Not JSON, such as the page of a proxy.
    return undefined;
  }
}
