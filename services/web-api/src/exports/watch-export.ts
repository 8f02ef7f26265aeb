import type { TenantExport } from '@aion/contracts';
import { toAionError } from '@aion/errors';
import { pause } from '@aion/http';
import type { Logger } from '@aion/logging';
import type { StoredAnswer } from '../management/forward-route.ts';
import { formatEvent, formatHeartbeat, formatRetry } from './server-sent-events.ts';

/** An export with the version of its row. */
export type VersionedExport = Pick<StoredAnswer<TenantExport>, 'answer' | 'version'>;

/** How an export is watched. */
export interface WatchExportOptions {
  /** What was read when the watch began. */
  readonly first: VersionedExport;
  /** Reads the export anew. */
  readonly read: () => Promise<VersionedExport>;
  /** The version that the reader has seen already. */
  readonly seenVersion: number | undefined;
  readonly pollMs: number;
  readonly heartbeatMs: number;
  /** The watch ends cleanly after this time, and the reader connects again. */
  readonly limitMs: number;
  /** Ends the watch cleanly. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

const RETRY_MS = 1_000;

/**
 * The events of one watch: an event for each new version, a heartbeat where there is none for long, and `ready` or
 * `failed` as the last. While the export cannot be read the watch goes on; an export that is gone breaks it off.
 */
export async function* watchExport(options: WatchExportOptions): AsyncGenerator<Uint8Array> {
  const { signal, pollMs, heartbeatMs } = options;
  const endsAt = performance.now() + options.limitMs;
  const read = tolerateOutage(options);
  let { seenVersion } = options;
  let lastWrite = performance.now();
  yield Buffer.from(formatRetry(RETRY_MS));

  let current: VersionedExport | undefined = options.first;
  for (;;) {
    const version = current?.version ?? 0;
    if (current !== undefined && (seenVersion === undefined || version > seenVersion)) {
      seenVersion = version;
      lastWrite = performance.now();
      yield Buffer.from(toEvent(current));
    } else if (performance.now() - lastWrite >= heartbeatMs) {
      lastWrite = performance.now();
      yield Buffer.from(formatHeartbeat());
    }
    if ((current !== undefined && isFinal(current.answer)) || performance.now() >= endsAt) return;
    await pause(pollMs, signal);
    if (signal.aborted) return;
    current = await read();
  }
}

/** Whether nothing more will ever happen to an export. */
export function isFinal(value: Pick<TenantExport, 'state'>): boolean {
  return value.state === 'ready' || value.state === 'failed';
}

function toEvent({ answer, version }: VersionedExport): string {
  const { state } = answer;
  const name = state === 'ready' || state === 'failed' ? state : 'progress';
  return formatEvent({ id: String(version ?? 0), name, data: answer });
}

/** Reads, or gives undefined while the export cannot be read for a reason that will pass. */
function tolerateOutage({ read, logger, signal }: WatchExportOptions): () => Promise<VersionedExport | undefined> {
  let isOut = false;
  return async () => {
    try {
      const value = await read();
      if (isOut) logger.info('Watched export can be read again');
      isOut = false;
      return value;
    } catch (thrown) {
      // The read was cut short because the watch is over.
      if (signal.aborted) return undefined;
      const error = toAionError(thrown);
      if (error.status < 500) throw error;
      if (!isOut) logger.warn('Watched export cannot be read now', { error });
      isOut = true;
      return undefined;
    }
  };
}
