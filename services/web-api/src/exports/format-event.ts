/** Headers of an event stream that no proxy may cache or buffer. */
export const EVENT_STREAM_HEADERS = { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' } as const;

/** Formats one event (WHATWG HTML, "Server-sent events"). JSON has no line breaks, so one `data` line is enough. */
export function formatEvent(event: { readonly id: string; readonly name: string; readonly data: unknown }): string {
  return `id: ${event.id}\nevent: ${event.name}\ndata: ${JSON.stringify(event.data)}\n\n`;
}

/** Formats a comment, which readers ignore; it prevents proxies from closing an idle connection. */
export function formatHeartbeat(): string {
  return ': heartbeat\n\n';
}

/** Formats the time after which a reader reconnects, in milliseconds. */
export function formatRetry(retryMs: number): string {
  return `retry: ${retryMs}\n\n`;
}
