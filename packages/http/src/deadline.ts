import { context, createContextKey, type Context } from '@opentelemetry/api';
import { ClientClosedRequestError, DeadlineExceededError } from '@aion/errors';

/** Header with the remaining milliseconds of a call between services; a duration needs no synchronized clocks. */
export const TIMEOUT_HEADER = 'x-aion-timeout-ms';

const DEADLINE_KEY = createContextKey('aion.deadline');

/** Returns a context with a deadline in `performance.now()` milliseconds. */
export function contextWithDeadline(base: Context, deadlineMs: number): Context {
  return base.setValue(DEADLINE_KEY, deadlineMs);
}

/** Returns the milliseconds until the active deadline, at least 0; undefined without a deadline. */
export function remainingMs(from: Context = context.active()): number | undefined {
  const deadline = from.getValue(DEADLINE_KEY);
  return typeof deadline === 'number' ? Math.max(0, Math.ceil(deadline - performance.now())) : undefined;
}

/** Returns the time limit of a request in milliseconds: the one that the caller requests, at most that of the server. */
export function toAllowedMs(header: string | string[] | undefined, limitMs: number): number {
  const requestedMs = typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : limitMs;
  return Math.min(requestedMs, limitMs);
}

/** Abort signal of a request; call `release` when the request has ended. */
export interface RequestAbort {
  /** Aborted when the client disconnects or the time limit is reached. */
  readonly signal: AbortSignal;
  clientClosed(): void;
  release(): void;
}

/** Creates the abort signal of a request. */
export function createRequestAbort(timeoutMs: number): RequestAbort {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new DeadlineExceededError(`The request did not finish within ${timeoutMs} ms.`));
  }, timeoutMs);
  timer.unref();
  return {
    signal: controller.signal,
    clientClosed: () => controller.abort(new ClientClosedRequestError('The client closed the connection.')),
    release: () => clearTimeout(timer),
  };
}
