/** Headers of an event stream that no proxy may keep or hold back. */
export const EVENT_STREAM_HEADERS = { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' } as const;

/** One event (WHATWG HTML, "Server-sent events"). JSON has no line breaks, so one `data` line always does. */
export function formatEvent(event: { readonly id: string; readonly name: string; readonly data: unknown }): string {
  return `id: ${event.id}\nevent: ${event.name}\ndata: ${JSON.stringify(event.data)}\n\n`;
}

/** A comment: readers pass over it, and connections that carry nothing are not closed as idle. */
export function formatHeartbeat(): string {
  return ': heartbeat\n\n';
}

/** How long a reader waits before it connects again, in milliseconds. */
export function formatRetry(retryMs: number): string {
  return `retry: ${retryMs}\n\n`;
}
