import { z } from 'zod';
import { listOrder, pageOf, pageQuery, sha256, text, timestamp, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** An action, performed or attempted, on a tenant or the platform; an event of its audit chain. */
export const auditEvent = z
  .object({
    id: uuid,
    seq: z
      .number()
      .int()
      .min(1)
      .meta({ description: 'Its number in the chain of the tenant or of the platform, from 1 without gaps.' }),
    actor: z.string().meta({ description: 'The actor: `operator:<id>`, `api_key:<id>`, `service:<name>`.' }),
    action: z.string().meta({ description: 'The action, such as `export.requested`.' }),
    target_type: z.string(),
    target_id: z.string(),
    target_path: z.string().nullable(),
    outcome: z.enum(['success', 'failure']),
    request_id: z.string().nullable(),
    correlation_id: z.string().nullable(),
    trace_id: z.string().nullable(),
    created_at: timestamp,
    hash: sha256.meta({ description: 'The hash of the event, to which the next event refers.' }),
  })
  .meta({ id: 'AuditEvent' });

/** An event of the audit trail. */
export type AuditEventView = z.output<typeof auditEvent>;

/** Routes of audit events. */
export const auditEventRoutes = {
  /** `GET /api/v1/audit-events`. */
  list: defineRoute({
    name: 'listAuditEvents',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/audit-events',
    summary: 'List the audit events',
    description:
      "The tenant's audit trail, newest first. An export contains the complete trail, with the data that `aion audit verify` needs to verify it. " +
      'For an operator who names no tenant, the trail of the platform: operators, encryption keys, log levels.',
    auth: { kind: 'tenant', scope: 'audit:read', orPlatform: true },
    query: pageQuery.extend({
      action: z
        .string()
        .regex(/^[a-z_]+\.[a-z_]+$/, 'must be an action such as export.requested')
        .optional()
        .meta({ description: 'Only events of this action.' }),
      actor: text(200).optional().meta({ description: 'Only events of this actor.' }),
      target_id: uuid.optional().meta({ description: 'Only events with this target.' }),
      outcome: z.enum(['success', 'failure']).optional(),
      from: timestamp.optional().meta({ description: 'Only events at this instant or later.' }),
      to: timestamp.optional().meta({ description: 'Only events before this instant.' }),
      order: listOrder,
    }),
    response: { status: 200, description: 'A page of events.', json: pageOf(auditEvent) },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
};
