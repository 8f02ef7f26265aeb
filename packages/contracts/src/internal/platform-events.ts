import { z } from 'zod';
import { defineRoute } from '../route.ts';

/** Actions on a process of the platform that are events of the platform's audit trail. */
export const PLATFORM_ACTIONS = ['log_levels.changed'] as const;

/** Internal routes of platform events. */
export const internalPlatformEventRoutes = {
  /** Records an action on a process in the audit trail of the platform. */
  record: defineRoute({
    name: 'recordPlatformEvent',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/platform-events',
    summary: 'Record an event of the platform',
    description: 'Writes an audit event of the platform. Its target is the service that sends it.',
    auth: { kind: 'service' },
    body: z.strictObject({ action: z.enum(PLATFORM_ACTIONS) }),
    response: { status: 204, description: 'Recorded.' },
    errors: ['UNAVAILABLE'],
    idempotent: false,
  }),
  /** Reports the feature flags of a process; each change since the last report is an event of the platform. */
  recordSwitches: defineRoute({
    name: 'recordSwitches',
    service: 'database-gateway',
    method: 'POST',
    path: '/internal/platform-switches',
    summary: 'Record the feature flags of a process',
    description:
      'Stores the feature flags of the service that sends it, and writes an audit event for each one that ' +
      'changed.',
    auth: { kind: 'service' },
    body: z.strictObject({
      switches: z
        .record(z.string().regex(/^[a-z][a-z_]{0,63}$/, 'the name of a flag is 1 to 64 of a-z and _'), z.boolean())
        .refine((switches) => Object.keys(switches).length <= 50, 'at most 50 flags'),
    }),
    response: { status: 204, description: 'Recorded.' },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
};
