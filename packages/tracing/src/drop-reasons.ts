/**
 * Reasons for dropping spans:
 * `queue_full`: more spans ended than the receiver accepted; `export_failed`: the receiver rejected the batch, disconnected
 * or timed out; `shutdown`: not delivered before the process stopped; `store_full`: beyond the bounds of the in-process
 * store; `store_evicted`: the oldest trace was evicted from the store to make room for a new one.
 */
export const SPAN_DROP_REASONS = ['queue_full', 'export_failed', 'shutdown', 'store_full', 'store_evicted'] as const;

/** One of `SPAN_DROP_REASONS`. */
export type SpanDropReason = (typeof SPAN_DROP_REASONS)[number];

/** Callback for dropped spans; must not throw. */
export type OnDrop = (reason: SpanDropReason, count: number) => void;
