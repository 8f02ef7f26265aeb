import { z } from 'zod';
import { flag, listOrder, pageOf, pageQuery, text, timestamp, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** Scopes of a legal hold: an entire tenant, or one resource of it with all that belongs to it. */
export const HOLD_SCOPES = ['tenant', 'project', 'user', 'api_key', 'generation', 'file'] as const;

/** One of `HOLD_SCOPES`. */
export type HoldScope = (typeof HOLD_SCOPES)[number];

/** Legal grounds of a hold. */
export const HOLD_GROUNDS = ['litigation', 'investigation', 'authority_order', 'contract', 'tax'] as const;

const scope = z
  .enum(HOLD_SCOPES)
  .meta({ description: 'The kind of resource that is held, with all that belongs to it.' });

const ground = z.enum(HOLD_GROUNDS);

/** A legal hold: data that must not be deleted. */
export const legalHold = z
  .object({
    id: uuid,
    tenant_id: uuid,
    scope,
    scope_id: uuid.meta({ description: 'The id of the held resource; for the scope `tenant` that of the tenant.' }),
    ground,
    reference: text(200).nullable().meta({ description: 'A reference, such as a case number.' }),
    placed_by: uuid.meta({ description: 'The person who placed it: a user or an operator.' }),
    placed_at: timestamp,
    release_requested_by: uuid.nullable(),
    release_requested_at: timestamp.nullable(),
    released_by: uuid.nullable(),
    released_at: timestamp.nullable().meta({ description: 'Null while the hold is in force.' }),
  })
  .meta({ id: 'LegalHold' });

/** A legal hold: data that must not be deleted. */
export type LegalHold = z.output<typeof legalHold>;

const holdParams = z.object({ hold_id: uuid });

/** Routes of legal holds. */
export const legalHoldRoutes = {
  /** `GET /api/v1/legal-holds`. */
  list: defineRoute({
    name: 'listLegalHolds',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/legal-holds',
    summary: 'List the legal holds',
    description: "The tenant's legal holds, including released ones.",
    auth: { kind: 'tenant', scope: 'holds:read' },
    query: pageQuery.extend({
      in_force: flag.optional().meta({ description: '`true`: only holds in force. `false`: only released ones.' }),
      scope: scope.optional(),
      scope_id: uuid.optional().meta({ description: 'Only holds on this resource.' }),
      order: listOrder,
    }),
    response: { status: 200, description: 'A page of holds.', json: pageOf(legalHold) },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** `POST /api/v1/legal-holds`. */
  place: defineRoute({
    name: 'placeLegalHold',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/legal-holds',
    summary: 'Place a legal hold',
    description:
      'Holds a resource of the tenant, and all that belongs to it, until two persons have released it; held data cannot be ' +
      'deleted. The caller must be a person: with a key of their own, or as an operator.',
    auth: { kind: 'tenant', scope: 'holds:write' },
    body: z.strictObject({ scope, scope_id: uuid, ground, reference: text(200).min(1).nullish() }),
    response: { status: 201, description: 'The hold, in force.', json: legalHold, etag: true },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    whileReadOnly: true,
    idempotent: false,
  }),
  /** `GET /api/v1/legal-holds/{hold_id}`. */
  get: defineRoute({
    name: 'getLegalHold',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/legal-holds/{hold_id}',
    summary: 'Get a legal hold',
    description: 'One hold, in force or released.',
    auth: { kind: 'tenant', scope: 'holds:read' },
    params: holdParams,
    response: { status: 200, description: 'The hold.', json: legalHold, etag: true },
    errors: ['NOT_FOUND', 'UNAVAILABLE'],
    idempotent: true,
  }),
  /** `POST /api/v1/legal-holds/{hold_id}/release-requests`. */
  requestRelease: defineRoute({
    name: 'requestHoldRelease',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/legal-holds/{hold_id}/release-requests',
    summary: 'Request the release of a legal hold',
    description:
      'The first of the two persons who release a hold requests it; it stays in force. Repeating the request changes nothing; once ' +
      'one person has requested, another can only release, or request in place of a person who is no longer allowed to.',
    auth: { kind: 'tenant', scope: 'holds:write' },
    params: holdParams,
    response: { status: 200, description: 'The hold, still in force.', json: legalHold, etag: true },
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    whileReadOnly: true,
    idempotent: true,
  }),
  /** `POST /api/v1/legal-holds/{hold_id}/release`. */
  release: defineRoute({
    name: 'releaseLegalHold',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/legal-holds/{hold_id}/release',
    summary: 'Release a legal hold',
    description:
      'Ends a hold whose release another person has requested who is still allowed to: a member whose role has `holds:write`, ' +
      'or an operator whose key is live. The person who requested the release cannot perform it. Repeating it ' +
      'changes nothing.',
    auth: { kind: 'tenant', scope: 'holds:write' },
    params: holdParams,
    response: { status: 200, description: 'The released hold.', json: legalHold, etag: true },
    errors: ['NOT_FOUND', 'CONFLICT', 'UNAVAILABLE'],
    whileReadOnly: true,
    idempotent: true,
  }),
};
