import { z } from 'zod';
import { text, uuid } from '../fields.ts';
import { auditEvent } from '../public/audit-events.ts';
import { defineRoute } from '../route.ts';

/** Lists the audit events of a tenant. */
export const readAuditEvents = defineRoute({
  name: 'readAuditEvents',
  service: 'database-gateway',
  method: 'GET',
  path: '/internal/tenants/{tenant_id}/audit-events',
  summary: "List a tenant's audit events",
  description: 'Events before the given number, newest first.',
  auth: { kind: 'service' },
  params: z.object({ tenant_id: uuid }),
  query: z.object({
    limit: z.coerce.number().int().min(1).max(101),
    before: z.coerce.number().int().min(1).optional(),
    action: text(100).optional(),
  }),
  response: { status: 200, description: 'The events.', json: z.object({ data: z.array(auditEvent) }) },
  errors: ['UNAVAILABLE'],
  idempotent: true,
});
