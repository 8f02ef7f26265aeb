import type { Route } from '@aion/contracts';
import { ERROR_KINDS, type ErrorCode } from '@aion/errors';
import type { Metrics } from '@aion/metrics';

/** What may happen on any route: a fault, a database that is away, a deadline, a client that leaves. */
const OF_EVERY_ROUTE: readonly ErrorCode[] = ['INTERNAL', 'UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CLIENT_CLOSED_REQUEST'];

/** The statuses that a route is known to answer with. */
export function knownStatuses(route: Route): readonly string[] {
  const takesInput = route.params !== undefined || route.query !== undefined || route.body !== undefined;
  const codes: readonly ErrorCode[] = [
    ...OF_EVERY_ROUTE,
    ...route.errors,
    ...(takesInput ? (['INVALID_REQUEST'] as const) : []),
    ...(route.body === undefined ? [] : (['PAYLOAD_TOO_LARGE'] as const)),
    ...(route.auth.kind === 'none' ? [] : (['INVALID_API_KEY', 'PERMISSION_DENIED'] as const)),
  ];
  const statuses = [route.response.status, ...codes.map((code) => ERROR_KINDS[code].status)];
  return [...new Set(statuses)].map(String);
}

/**
 * Shows the series of routes at zero: one that is born at its final value is invisible to `rate()`. Every known status
 * is counted from zero; of durations only those of success, a histogram being fifteen series; of sizes none.
 */
export function startHttpSeries(metrics: Metrics, routes: readonly Route[]): void {
  const requests = metrics.counter('http_requests_total');
  const durations = metrics.histogram('http_request_duration_seconds');
  for (const route of routes) {
    const { method, path } = route;
    for (const status of knownStatuses(route)) requests.inc({ method, path, status }, 0);
    durations.zero({ method, path, status: String(route.response.status) });
  }
  for (const status of ['404', '400']) requests.inc({ method: 'GET', path: 'unmatched', status }, 0);
}
