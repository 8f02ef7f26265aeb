import type { AuditRow } from './audit-row.ts';

/** What an event may lose to an erasure: who did it, to what, and in which request. The commitment stays. */
export type Erasable = Pick<
  AuditRow,
  'actor' | 'target_id' | 'target_path' | 'request_id' | 'correlation_id' | 'trace_id'
>;

/**
 * What an erasure leaves of an event beside taking its salt. Nothing else is accepted of an event without a salt: nobody
 * can compare it with what the event committed to, so that it must not say anything.
 */
export const ERASED_CONTENT = {
  actor: 'erased',
  target_id: '00000000-0000-0000-0000-000000000000',
  target_path: null,
  request_id: null,
  correlation_id: null,
  trace_id: null,
} as const satisfies Erasable;

/** Whether an event holds what an erasure leaves, and nothing else. */
export function isErasedContent(event: Erasable): boolean {
  const { actor, target_id, target_path, request_id, correlation_id, trace_id } = event;
  const rest = [target_path, request_id, correlation_id, trace_id];
  return (
    actor === ERASED_CONTENT.actor && target_id === ERASED_CONTENT.target_id && rest.every((value) => value === null)
  );
}
