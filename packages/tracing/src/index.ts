export { SPAN_DROP_REASONS, type OnDrop, type SpanDropReason } from './drop-reasons.ts';
export { type ExportLimits } from './export-queue.ts';
export { activeIds, activeSpanIds, contextWithIds, isValidId, runWithIds, type RequestIds } from './request-ids.ts';
export { type SpanRecord } from './span-record.ts';
export { SpanStore, type SpanStoreOptions } from './span-store.ts';
export { formatSpanTree, toSpanTree, type SpanNode } from './span-tree.ts';
export { startTracing, type Tracing, type TracingOptions } from './start-tracing.ts';
export { captureCarrier, captureTraceparent, contextFromCarrier, type TraceCarrier } from './trace-carrier.ts';
export { failSpan, openSpan, withSpan, type OpenSpan, type SpanOptions } from './with-span.ts';
