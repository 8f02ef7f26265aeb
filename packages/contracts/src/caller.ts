import { z } from 'zod';
import { sha256, text, uuid } from './fields.ts';
import { SCOPES } from './scopes.ts';

/** The header in which web-api tells database-gateway for whom it asks: base64url of the JSON of a `Caller`. */
export const CALLER_HEADER = 'x-aion-caller';

/** For whom web-api asks, once it has proven and allowed it. */
export const callerSchema = z.strictObject({
  /** The tenant that the request is about; null for the platform. */
  tenant_id: uuid.nullable(),
  /** As in the audit trail: `api_key:<id>`, `operator:<id>`, `init`. */
  actor: text(200).min(1),
  /** The id in `actor`, by which idempotency keys are told apart. */
  actor_id: z.uuid(),
  /** The person behind it: an operator, or the user whom the key belongs to. A key of the tenant has none. */
  person_id: uuid.nullable(),
  /** What the caller may, beyond which it can give nothing to others; null for the operator, who may everything. */
  scopes: z.array(z.enum(SCOPES)).nullable(),
  /** Set when the request carries an `Idempotency-Key`: it has its effect once. */
  idempotency: z.strictObject({ key: z.string().min(1).max(255), request_sha256: sha256 }).optional(),
  /** The version that the change is meant for; undefined for any. */
  if_match: z.number().int().optional(),
});
/** For whom web-api asks. */
export type Caller = z.output<typeof callerSchema>;
