/**
 * Why spans are dropped:
 * `queue_full`: more ended than the receiver took; `export_failed`: refused, broken or too slow; `shutdown`: not
 * delivered when the process stopped; `store_full`: beyond the bounds of the in-process store; `store_evicted`: an old
 * trace of the store made room for a new one.
 */
export const SPAN_DROP_REASONS = ['queue_full', 'export_failed', 'shutdown', 'store_full', 'store_evicted'] as const;

/** One of `SPAN_DROP_REASONS`. */
export type SpanDropReason = (typeof SPAN_DROP_REASONS)[number];

/** Told of dropped spans, as they are dropped; must not throw. */
export type OnDrop = (reason: SpanDropReason, count: number) => void;
