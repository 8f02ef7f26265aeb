import { tenantExport, type TenantExport, routes } from '@aion/contracts';
import { withSpan } from '@aion/tracing';
import { SpanKind } from '@opentelemetry/api';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, fetchRoute } from '../platform/call-route.ts';

const MAX_RECONNECTS = 20;
const RECONNECT_MS = 250;

/** What is watched. */
export interface WatchExportOptions {
  readonly baseUrl: string;
  readonly key: string;
  readonly exportId: string;
  readonly onProgress: (state: TenantExport) => void;
  readonly signal: AbortSignal;
}

/** Follows an export by server-sent events to its final state; a broken connection is resumed where it ended. */
export async function watchExportToEnd(options: WatchExportOptions): Promise<TenantExport> {
  return withSpan('watch export', { kind: SpanKind.CLIENT }, async () => {
    let lastEventId: string | undefined;
    for (let attempt = 0; ; attempt += 1) {
      try {
        for await (const event of openEvents(options, lastEventId)) {
          lastEventId = event.id ?? lastEventId;
          const state = tenantExport.parse(JSON.parse(event.data));
          options.onProgress(state);
          if (state.state === 'ready' || state.state === 'failed') return state;
        }
      } catch (error) {
        options.signal.throwIfAborted();
        if (attempt === MAX_RECONNECTS || (error instanceof ApiError && error.status < 500)) throw error;
      }
      await sleep(RECONNECT_MS, undefined, { signal: options.signal });
    }
  });
}

async function* openEvents({ baseUrl, key, exportId, signal }: WatchExportOptions, lastEventId: string | undefined) {
  const answer = await fetchRoute(routes.exports.watch, {
    baseUrl,
    key,
    params: { export_id: exportId },
    headers: { accept: 'text/event-stream', ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) },
    signal,
  });
  if (answer.body === null) return;
  yield* answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
}
