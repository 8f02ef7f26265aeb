import { z } from 'zod';
import { defineRoute, type ServiceName } from '../route.ts';

/**
 * Defines the readiness probe of one service by another, which exercises its dependencies: a query, a queue operation (see
 * the README of each service).
 */
function definePing(service: ServiceName) {
  return defineRoute({
    name: `ping:${service}`,
    service,
    method: 'GET',
    path: '/internal/ping',
    summary: 'Probe the service',
    description: 'Answers when the dependencies of the service work.',
    auth: { kind: 'service' },
    response: { status: 200, description: 'The service is ready.', json: z.object({ service: z.string() }) },
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
