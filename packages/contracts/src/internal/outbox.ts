import { z } from 'zod';
import { count, text, timestamp, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** Why the relay gave a row up. */
export const PARKED_REASONS = ['unknown_topic', 'malformed_payload', 'refused'] as const;

/** A row of the outbox that the relay has given up: it waits for an operator. */
export const parkedOutboxRow = z.object({
  id: uuid,
  tenant_id: uuid,
  dedupe_key: z.string(),
  topic: z.string(),
  parked_reason: z.enum(PARKED_REASONS),
  last_error: z.string().nullable(),
  attempts: count,
  created_at: timestamp,
  parked_at: timestamp,
});
/** A row of the outbox that the relay has given up. */
export type ParkedOutboxRow = z.output<typeof parkedOutboxRow>;

/** Lists the parked rows of all tenants. */
export const readParkedOutboxRows = defineRoute({
  name: 'readParkedOutboxRows',
  service: 'database-gateway',
  method: 'GET',
  path: '/internal/outbox/parked',
  summary: 'List the outbox rows that were given up',
  description: 'Rows of all tenants that the queue refused too often, oldest first; without what they carry.',
  auth: { kind: 'service' },
  query: z.object({ limit: z.coerce.number().int().min(1).max(101), after: uuid.optional() }),
  response: { status: 200, description: 'The rows.', json: z.object({ data: z.array(parkedOutboxRow) }) },
  errors: ['UNAVAILABLE'],
  idempotent: true,
});

/** Lets the relay try a parked row again. */
export const releaseOutboxRow = defineRoute({
  name: 'releaseOutboxRow',
  service: 'database-gateway',
  method: 'POST',
  path: '/internal/outbox/{outbox_id}/release',
  summary: 'Release an outbox row that was given up',
  description: 'The relay tries it again at once. Recorded in the audit trail of its tenant.',
  auth: { kind: 'service' },
  params: z.object({ outbox_id: uuid }),
  body: z.strictObject({ tenant_id: uuid, actor: text(200) }),
  response: { status: 204, description: 'Released.' },
  errors: ['NOT_FOUND', 'UNAVAILABLE'],
  idempotent: false,
});
