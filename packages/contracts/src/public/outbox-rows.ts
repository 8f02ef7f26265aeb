import { z } from 'zod';
import { count, listOrder, pageOf, pageQuery, timestamp, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** Reasons for which the relay dead-letters a row. */
export const PARKED_REASONS = ['unknown_topic', 'malformed_payload', 'refused'] as const;

/** A dead-lettered row of the outbox, which waits for an operator. */
export const parkedOutboxRow = z
  .object({
    id: uuid,
    tenant_id: uuid,
    dedupe_key: z.string().meta({ description: 'The id of the job that the row describes.' }),
    topic: z.string(),
    parked_reason: z.enum(PARKED_REASONS),
    last_error: z.string().nullable(),
    attempts: count,
    created_at: timestamp,
    parked_at: timestamp,
  })
  .meta({ id: 'ParkedOutboxRow' });

/** A dead-lettered row of the outbox. */
export type ParkedOutboxRow = z.output<typeof parkedOutboxRow>;

/** Routes of outbox rows. */
export const outboxRowRoutes = {
  /** `GET /api/v1/parked-outbox-rows`. */
  listParked: defineRoute({
    name: 'listParkedOutboxRows',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/parked-outbox-rows',
    summary: 'List the outbox rows that were given up',
    description:
      'Dead-lettered rows of all tenants: they describe no valid job, or the queue rejected them too often. Newest first by ' +
      'default, without their payload. Only for operators.',
    auth: { kind: 'operator' },
    query: pageQuery.extend({ order: listOrder }),
    response: { status: 200, description: 'A page of rows.', json: pageOf(parkedOutboxRow) },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** `POST /api/v1/parked-outbox-rows/{outbox_id}/release`. */
  release: defineRoute({
    name: 'releaseOutboxRow',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/parked-outbox-rows/{outbox_id}/release',
    summary: 'Release a dead-lettered outbox row',
    description: 'The relay tries it again immediately. Recorded in the audit trail of its tenant.',
    auth: { kind: 'operator' },
    params: z.object({ outbox_id: uuid }),
    body: z.strictObject({ tenant_id: uuid.meta({ description: 'The tenant of the row, as in the list.' }) }),
    response: { status: 204, description: 'Released.' },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: false,
  }),
};
