import { context, createContextKey, type Context } from '@opentelemetry/api';
import { ClientClosedRequestError, DeadlineExceededError } from '@aion/errors';

/** Carries the milliseconds that remain, from service to service: a duration, so that clocks need not agree. */
export const TIMEOUT_HEADER = 'x-aion-timeout-ms';

const DEADLINE_KEY = createContextKey('aion.deadline');

/** A context that knows when the work must be done, as `performance.now()` milliseconds. */
export function contextWithDeadline(base: Context, deadlineMs: number): Context {
  return base.setValue(DEADLINE_KEY, deadlineMs);
}

/** The milliseconds that remain to the active deadline, or undefined without one; never below 0. */
export function remainingMs(from: Context = context.active()): number | undefined {
  const deadline = from.getValue(DEADLINE_KEY);
  return typeof deadline === 'number' ? Math.max(0, Math.ceil(deadline - performance.now())) : undefined;
}

/** The milliseconds that a request may take: the caller's wish, bounded by the server's own limit. */
export function allowedMs(header: string | string[] | undefined, limitMs: number): number {
  const wish = typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : limitMs;
  return Math.min(wish, limitMs);
}

/** Ends when the client goes away or time is up; `release` must be called when the request has ended. */
export interface RequestAbort {
  readonly signal: AbortSignal;
  clientGone(): void;
  release(): void;
}

/** Creates the abort of a request. */
export function createRequestAbort(timeoutMs: number): RequestAbort {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new DeadlineExceededError(`The request did not finish within ${timeoutMs} ms.`));
  }, timeoutMs);
  timer.unref();
  return {
    signal: controller.signal,
    clientGone: () => controller.abort(new ClientClosedRequestError('The client closed the connection.')),
    release: () => clearTimeout(timer),
  };
}
