import { SERVICES, type MetricDeclaration } from './metric-declaration.ts';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;
/** Powers of 4 from 256 bytes to 64 MiB. */
const BYTES = [256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864] as const;

/** Methods by name; any other is `OTHER`. */
const HTTP_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'OTHER'] as const;
/** Services with a service port; data-export has only an admin port. */
const SERVING = ['web-api', 'ai-engine', 'database-gateway'] as const;
const subject = 'http' as const;

/** Metrics of HTTP servers, and of calls between services. */
export const HTTP_METRICS = {
  http_requests_total: {
    type: 'counter',
    help: 'Completed requests by matched route template and status; 499 if the client closed the connection.',
    unit: 'count',
    subject,
    labels: { method: HTTP_METHODS, path: 'route', status: 'status' },
    emittedBy: SERVING,
  },
  http_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from receiving a request to closing its response.',
    unit: 'seconds',
    subject,
    labels: { method: HTTP_METHODS, path: 'route', status: 'duration_status' },
    buckets: SECONDS,
    emittedBy: SERVING,
  },
  http_requests_in_flight: {
    type: 'gauge',
    help: 'Requests in progress.',
    unit: 'count',
    subject,
    labels: { method: HTTP_METHODS },
    emittedBy: SERVING,
  },
  http_active_connections: {
    type: 'gauge',
    help: 'Open connections of the service port, including idle ones.',
    unit: 'count',
    subject,
    labels: {},
    emittedBy: SERVING,
  },
  http_request_size_bytes: {
    type: 'histogram',
    help: 'Size of received request bodies; requests without a body are not counted.',
    unit: 'bytes',
    subject,
    labels: { method: HTTP_METHODS, path: 'route' },
    buckets: BYTES,
    emittedBy: SERVING,
  },
  http_response_size_bytes: {
    type: 'histogram',
    help: 'Size of responses with headers, as written to the connection.',
    unit: 'bytes',
    subject,
    labels: { method: HTTP_METHODS, path: 'route' },
    buckets: BYTES,
    emittedBy: SERVING,
  },
  http_client_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from sending a request to another AION service to receiving the response headers.',
    unit: 'seconds',
    subject,
    labels: { peer: SERVICES, method: HTTP_METHODS, path: 'route', status: 'client_duration_status' },
    buckets: SECONDS,
    emittedBy: ['web-api', 'ai-engine', 'data-export'],
  },
} as const satisfies Record<string, MetricDeclaration>;
