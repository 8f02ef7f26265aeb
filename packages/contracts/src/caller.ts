import { z } from 'zod';
import { sha256, text, uuid } from './fields.ts';
import type { ServiceName } from './route.ts';
import { SCOPES } from './scopes.ts';

/** The header of internal routes that carries the caller: base64url of the JSON of a `Caller`. */
export const CALLER_HEADER = 'x-aion-caller';

/** On whose behalf a service calls another one, once it has authenticated and authorised the request. */
export const callerSchema = z.strictObject({
  /** The tenant that the request is about; null for the platform. */
  tenant_id: uuid.nullable(),
  /** As in the audit trail: `api_key:<id>`, `operator:<id>`, `signed-url:<key id>`, `service:<name>`, `init`. */
  actor: text(200).min(1),
  /** The id in `actor`, which scopes idempotency keys; the nil UUID for an actor without an id. */
  actor_id: z.uuid(),
  /** The person behind the actor: an operator, or the user who owns the key. Null for a key of the tenant itself. */
  person_id: uuid.nullable(),
  /** Scopes of the actor, which it can grant to others; null for an operator, who has all. */
  scopes: z.array(z.enum(SCOPES)).nullable(),
  /** Set when the request carries an `Idempotency-Key`: it takes effect once. */
  idempotency: z.strictObject({ key: z.string().min(1).max(255), request_sha256: sha256 }).optional(),
  /** The version that the change applies to; undefined for any. */
  if_match: z.number().int().optional(),
});
/** On whose behalf a service calls another one. */
export type Caller = z.output<typeof callerSchema>;

/** Actor id of actors that have none of their own, such as services. */
export const NIL_ACTOR_ID = '00000000-0000-0000-0000-000000000000';

/** The caller when a service acts on its own initiative, for a tenant or for the platform (null). */
export function serviceCaller(service: ServiceName, tenantId: string | null): Caller {
  return { tenant_id: tenantId, actor: `service:${service}`, actor_id: NIL_ACTOR_ID, person_id: null, scopes: [] };
}
