import { z } from 'zod';
import { count, listOrder, pageOf, pageQuery, timestamp, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** Why the relay gave a row up. */
export const PARKED_REASONS = ['unknown_topic', 'malformed_payload', 'refused'] as const;

/** A row of the outbox that the relay has given up: it waits for an operator. */
export const parkedOutboxRow = z
  .object({
    id: uuid,
    tenant_id: uuid,
    dedupe_key: z.string().meta({ description: 'The id of the job that it would become.' }),
    topic: z.string(),
    parked_reason: z.enum(PARKED_REASONS),
    last_error: z.string().nullable(),
    attempts: count,
    created_at: timestamp,
    parked_at: timestamp,
  })
  .meta({ id: 'ParkedOutboxRow' });

/** A row of the outbox that the relay has given up. */
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
      'Rows of all tenants that can become no job, or that the queue has refused too often, newest first unless `order` ' +
      'says otherwise; without what they carry. Only the platform operator may.',
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
    summary: 'Release an outbox row that was given up',
    description: 'The relay tries it again at once. An event of the audit trail of its tenant.',
    auth: { kind: 'operator' },
    params: z.object({ outbox_id: uuid }),
    body: z.strictObject({ tenant_id: uuid.meta({ description: 'The tenant of the row, as the list shows it.' }) }),
    response: { status: 204, description: 'Released.' },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: false,
  }),
};
