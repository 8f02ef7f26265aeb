import { HTTP_METHODS } from './label-sets.ts';
import { SERVICES, type MetricDeclaration } from './metric-declaration.ts';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;
/** Powers of 4 from 256 bytes to 64 MiB. */
const BYTES = [256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864] as const;

/** data-export serves nothing but its admin port. */
const SERVING = ['web-api', 'ai-engine', 'database-gateway'] as const;
const subject = 'http' as const;

/** What every service says of its HTTP server and of its calls of other services. */
export const HTTP_METRICS = {
  http_requests_total: {
    type: 'counter',
    help: 'Requests that have ended, by matched route template and status; 499 when the client went away.',
    unit: 'count',
    subject,
    labels: { method: HTTP_METHODS, path: 'route', status: 'status' },
    emittedBy: SERVING,
  },
  http_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from the arrival of a request to the close of its response.',
    unit: 'seconds',
    subject,
    labels: { method: HTTP_METHODS, path: 'route', status: 'duration_status' },
    buckets: SECONDS,
    emittedBy: SERVING,
  },
  http_requests_in_flight: {
    type: 'gauge',
    help: 'Requests that have not ended.',
    unit: 'count',
    subject,
    labels: { method: HTTP_METHODS },
    emittedBy: SERVING,
  },
  http_active_connections: {
    type: 'gauge',
    help: "Open connections of the service's port, idle ones included.",
    unit: 'count',
    subject,
    labels: {},
    emittedBy: SERVING,
  },
  http_request_size_bytes: {
    type: 'histogram',
    help: 'Bytes of request bodies that were received, where there was one.',
    unit: 'bytes',
    subject,
    labels: { method: HTTP_METHODS, path: 'route' },
    buckets: BYTES,
    emittedBy: SERVING,
  },
  http_response_size_bytes: {
    type: 'histogram',
    help: 'Bytes of responses with their heads, as handed to the connection.',
    unit: 'bytes',
    subject,
    labels: { method: HTTP_METHODS, path: 'route' },
    buckets: BYTES,
    emittedBy: SERVING,
  },
  http_client_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from sending a request to another service of AION to the head of its response.',
    unit: 'seconds',
    subject,
    labels: { peer: SERVICES, method: HTTP_METHODS, path: 'route', status: 'client_duration_status' },
    buckets: SECONDS,
    emittedBy: ['web-api', 'ai-engine', 'data-export'],
  },
} as const satisfies Record<string, MetricDeclaration>;
