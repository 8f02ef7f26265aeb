import type { Route } from '@aion/contracts';
import { ERROR_KINDS, type ErrorCode } from '@aion/errors';
import type { Metrics } from '@aion/metrics';

/** Errors possible on every route: a fault, an unavailable database, a deadline, a client that disconnects. */
const COMMON_ERRORS: readonly ErrorCode[] = ['INTERNAL', 'UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CLIENT_CLOSED_REQUEST'];

/** Lists the response statuses that a route is known to have. */
export function listKnownStatuses(route: Route): readonly string[] {
  const hasInput = route.params !== undefined || route.query !== undefined || route.body !== undefined;
  const codes: readonly ErrorCode[] = [
    ...COMMON_ERRORS,
    ...route.errors,
    ...(hasInput ? (['INVALID_REQUEST'] as const) : []),
    ...(route.body === undefined ? [] : (['PAYLOAD_TOO_LARGE'] as const)),
    ...(route.auth.kind === 'none' ? [] : (['INVALID_API_KEY', 'PERMISSION_DENIED'] as const)),
  ];
  const statuses = [route.response.status, ...codes.map((code) => ERROR_KINDS[code].status)];
  return [...new Set(statuses)].map(String);
}

/**
 * Starts the series of routes at zero, since `rate()` does not see a series that begins with its final value. Counters
 * start for every known status, durations only for success (a histogram has fifteen series), sizes not at all.
 */
export function startHttpSeries(metrics: Metrics, routes: readonly Route[]): void {
  const requests = metrics.counter('http_requests_total');
  const durations = metrics.histogram('http_request_duration_seconds');
  for (const route of routes) {
    const { method, path } = route;
    for (const status of listKnownStatuses(route)) requests.inc({ method, path, status }, 0);
    durations.zero({ method, path, status: String(route.response.status) });
  }
  for (const status of ['404', '400']) requests.inc({ method: 'GET', path: 'unmatched', status }, 0);
}
