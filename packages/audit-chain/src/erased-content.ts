import type { AuditRow } from './audit-row.ts';

/** The content of an event that an erasure removes: actor, target and request. The commitment stays. */
export type ErasableContent = Pick<
  AuditRow,
  'actor' | 'target_id' | 'target_path' | 'request_id' | 'correlation_id' | 'trace_id'
>;

/**
 * The content of an event after an erasure, which also removes the salt. An event without a salt is valid only with exactly
 * this content, since other content could no longer be compared with the commitment.
 */
export const ERASED_CONTENT = {
  actor: 'erased',
  target_id: '00000000-0000-0000-0000-000000000000',
  target_path: null,
  request_id: null,
  correlation_id: null,
  trace_id: null,
} as const satisfies ErasableContent;

/** Returns true if the content of an event is exactly the content after an erasure. */
export function isErasedContent(event: ErasableContent): boolean {
  const { actor, target_id, target_path, request_id, correlation_id, trace_id } = event;
  const rest = [target_path, request_id, correlation_id, trace_id];
  return (
    actor === ERASED_CONTENT.actor && target_id === ERASED_CONTENT.target_id && rest.every((value) => value === null)
  );
}
