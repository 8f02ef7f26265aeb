import { z } from 'zod';
import { text } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** What is done to a process of the platform and stands in the audit trail of the platform. */
export const PLATFORM_ACTIONS = ['log_levels.changed'] as const;

/** Records what was done to a process, in the audit trail of the platform. */
export const recordPlatformEvent = defineRoute({
  name: 'recordPlatformEvent',
  service: 'database-gateway',
  method: 'POST',
  path: '/internal/platform-events',
  summary: 'Record an event of the platform',
  description: 'Writes an audit event that is of no tenant. The service that sends it is the one that it is about.',
  auth: { kind: 'service' },
  body: z.strictObject({ action: z.enum(PLATFORM_ACTIONS), actor: text(200).min(1) }),
  response: { status: 204, description: 'Recorded.' },
  errors: ['UNAVAILABLE'],
  idempotent: false,
});
