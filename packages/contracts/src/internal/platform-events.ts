import { z } from 'zod';
import { defineRoute } from '../route.ts';

/** What is done to a process of the platform and stands in the audit trail of the platform. */
export const PLATFORM_ACTIONS = ['log_levels.changed'] as const;

/** Internal routes of platform events. */
export const internalPlatformEventRoutes = {
  /** Records what was done to a process, in the audit trail of the platform. */
  record: defineRoute({
    name: 'recordPlatformEvent',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/platform-events',
    summary: 'Record an event of the platform',
    description: 'Writes an audit event that is of no tenant. The service that sends it is the one that it is about.',
    auth: { kind: 'service' },
    body: z.strictObject({ action: z.enum(PLATFORM_ACTIONS) }),
    response: { status: 204, description: 'Recorded.' },
    errors: ['UNAVAILABLE'],
    idempotent: false,
  }),
  /** Tells which switches of a process are on: what differs from the last time is an event of the platform. */
  recordSwitches: defineRoute({
    name: 'recordSwitches',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/platform-switches',
    summary: 'Record the switches of a process',
    description:
      'Remembers what is switched on in the service that sends it, and writes an audit event for each switch that was ' +
      'remembered otherwise.',
    auth: { kind: 'service' },
    body: z.strictObject({
      switches: z
        .record(z.string().regex(/^[a-z][a-z_]{0,63}$/, 'a switch is 1 to 64 of a-z and _'), z.boolean())
        .refine((switches) => Object.keys(switches).length <= 50, 'at most 50 switches'),
    }),
    response: { status: 204, description: 'Recorded.' },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
};
