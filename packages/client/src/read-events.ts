import { setTimeout as sleep } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { EventSourceMessage } from 'eventsource-parser';

/** Successive connections without an event. */
const MAX_EMPTY_CONNECTIONS = 20;

/** Options of `readEvents`. */
export interface ReadEventsOptions {
  /** Requests the stream. The headers contain the id of the last event received. */
  readonly connect: (headers: Readonly<Record<string, string>>) => Promise<Response>;
  /** Returns true for an error of `connect` that a later attempt may not meet. Default: for none. */
  readonly isTransient?: (error: unknown) => boolean;
  /** Pause between connections. Default 250 ms. */
  readonly reconnectDelayMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Yields server-sent events. A broken connection is replaced by one that continues after the last event received. Ends
 * after 20 successive connections without an event.
 * @throws the error of `connect` unless it is transient; the reason of `signal` when that is aborted
 */
export async function* readEvents(options: ReadEventsOptions): AsyncGenerator<EventSourceMessage> {
  const { reconnectDelayMs = 250, signal } = options;
  let lastEventId: string | undefined;
  let emptyConnections = 0;
  while (emptyConnections < MAX_EMPTY_CONNECTIONS) {
    emptyConnections += 1;
    const response = await connectOnce(options, lastEventId);
    try {
      for await (const event of parseEvents(response)) {
        emptyConnections = 0;
        lastEventId = event.id ?? lastEventId;
        yield event;
      }
    } catch {
      // The connection broke, which the next one repairs, or the signal was aborted.
      signal?.throwIfAborted();
    }
    await sleep(reconnectDelayMs, undefined, { signal });
  }
}

/** Opens one connection; returns undefined after a transient error. */
async function connectOnce(
  { connect, isTransient, signal }: ReadEventsOptions,
  lastEventId: string | undefined,
): Promise<Response | undefined> {
  const resume = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  try {
    return await connect({ accept: 'text/event-stream', ...resume });
  } catch (error) {
    signal?.throwIfAborted();
    if (isTransient?.(error) !== true) throw error;
    return undefined;
  }
}

async function* parseEvents(response: Response | undefined): AsyncGenerator<EventSourceMessage> {
  const body = response?.body ?? undefined;
  if (body === undefined) return;
  yield* body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
}
