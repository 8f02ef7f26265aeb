import { createHash } from 'node:crypto';
import type { AuditRow } from './audit-row.ts';
import { toCanonicalJson } from './canonical-json.ts';
import type { Erasable } from './erased-content.ts';

/** What an event keeps for ever. */
type Kept = Pick<
  AuditRow,
  'id' | 'tenant_id' | 'seq' | 'prev_hash' | 'commitment' | 'action' | 'target_type' | 'outcome' | 'created_at'
>;

/** The hash before the first event of a chain. */
export const GENESIS_HASH: Buffer = Buffer.alloc(32);

/**
 * What an event commits to: SHA-256 of a random salt and the canonical JSON of what an erasure may take. Without the
 * salt nobody can try values against it.
 */
export function commitTo(event: Erasable, salt: Uint8Array): Buffer {
  const { actor, target_id, target_path, request_id, correlation_id, trace_id } = event;
  const text = toCanonicalJson({ actor, target_id, target_path, request_id, correlation_id, trace_id });
  return createHash('sha256').update(salt).update(text).digest();
}

/** The hash of an event: SHA-256 of the canonical JSON of what it keeps, the hash of the event before among it. */
export function hashEvent(event: Kept): Buffer {
  const { id, tenant_id, seq, action, target_type, outcome, created_at } = event;
  const text = toCanonicalJson({
    ...{ v: 1, id, tenant_id, seq, action, target_type, outcome, created_at },
    prev_hash: event.prev_hash.toString('hex'),
    commitment: event.commitment.toString('hex'),
  });
  return createHash('sha256').update(text).digest();
}
