import { createHash } from 'node:crypto';
import type { AuditRow } from './audit-row.ts';
import { toCanonicalJson } from './to-canonical-json.ts';
import type { ErasableContent } from './erased-content.ts';

/** The fields of an event that no erasure changes. */
type PermanentFields = Pick<
  AuditRow,
  'id' | 'tenant_id' | 'seq' | 'prev_hash' | 'commitment' | 'action' | 'target_type' | 'outcome' | 'created_at'
>;

/** The `prev_hash` of the first event of a chain. */
export const GENESIS_HASH: Buffer = Buffer.alloc(32);

/**
 * Computes the commitment of an event: SHA-256 of a random salt and the canonical JSON of the erasable content. Without
 * the salt nobody can test guesses of that content against it.
 */
export function computeCommitment(event: ErasableContent, salt: Uint8Array): Buffer {
  const { actor, target_id, target_path, request_id, correlation_id, trace_id } = event;
  const text = toCanonicalJson({ actor, target_id, target_path, request_id, correlation_id, trace_id });
  return createHash('sha256').update(salt).update(text).digest();
}

/** Computes the hash of an event: SHA-256 of the canonical JSON of its permanent fields, including `prev_hash`. */
export function hashEvent(event: PermanentFields): Buffer {
  const { id, tenant_id, seq, action, target_type, outcome, created_at } = event;
  const text = toCanonicalJson({
    v: 1,
    id,
    tenant_id,
    seq,
    action,
    target_type,
    outcome,
    created_at,
    prev_hash: event.prev_hash.toString('hex'),
    commitment: event.commitment.toString('hex'),
  });
  return createHash('sha256').update(text).digest();
}
