import { z } from 'zod';
import { defineRoute, type ServiceName } from '../route.ts';

/**
 * The readiness probe of one service by another. It does what the service does: a query, a queue operation; see each
 * service's README.
 */
function definePing(service: ServiceName) {
  return defineRoute({
    name: `ping:${service}`,
    service,
    method: 'GET',
    path: '/internal/ping',
    summary: 'Probe the service',
    description: 'Answers when the service can do its work.',
    auth: { kind: 'service' },
    response: { status: 200, description: 'It can.', json: z.object({ service: z.string() }) },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  });
}

/** Internal routes of readiness probes between services. */
export const internalPingRoutes = {
  /** Probes database-gateway: a query on PostgreSQL and an operation on the queue. */
  databaseGateway: definePing('database-gateway'),
  /** Probes ai-engine. */
  aiEngine: definePing('ai-engine'),
};
