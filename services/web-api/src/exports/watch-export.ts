import type { TenantExport } from '@aion/contracts';
import { toAionError } from '@aion/errors';
import { pause } from '@aion/http';
import type { Logger } from '@aion/logging';
import type { InternalResponse } from '../management/apply-response-headers.ts';
import { formatEvent, formatHeartbeat, formatRetry } from './format-event.ts';

/** An export with the version of its row. */
export type VersionedExport = Pick<InternalResponse<TenantExport>, 'answer' | 'version'>;

/** Options of `watchExport`. */
export interface WatchExportOptions {
  /** The export as it was read at the start of the watch. */
  readonly first: VersionedExport;
  /** Reads the export again. */
  readonly read: () => Promise<VersionedExport>;
  /** The last version that the reader has received. */
  readonly seenVersion: number | undefined;
  readonly pollMs: number;
  readonly heartbeatMs: number;
  /** The watch ends cleanly after this time, and the reader reconnects. */
  readonly limitMs: number;
  /** Ends the watch cleanly. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

const RETRY_MS = 1_000;

/**
 * Yields the events of one watch: an event for each new version, heartbeats in between, and `ready` or `failed` as the
 * last. The watch continues while the export cannot be read.
 * @throws the error of the read when retrying cannot help, as for an export that no longer exists
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

/** Reports whether the state of an export is final. */
export function isFinal(value: Pick<TenantExport, 'state'>): boolean {
  return value.state === 'ready' || value.state === 'failed';
}

function toEvent({ answer, version }: VersionedExport): string {
  const { state } = answer;
  const name = state === 'ready' || state === 'failed' ? state : 'progress';
  return formatEvent({ id: String(version ?? 0), name, data: answer });
}

/** Wraps `read` so that it returns undefined while the export cannot be read temporarily. */
function tolerateOutage({ read, logger, signal }: WatchExportOptions): () => Promise<VersionedExport | undefined> {
  let isUnavailable = false;
  return async () => {
    try {
      const value = await read();
      if (isUnavailable) logger.info('Watched export can be read again');
      isUnavailable = false;
      return value;
    } catch (thrown) {
      // The read was aborted because the watch has ended.
      if (signal.aborted) return undefined;
      const error = toAionError(thrown);
      if (error.status < 500) throw error;
      if (!isUnavailable) logger.warn('Watched export cannot be read now', { error });
      isUnavailable = true;
      return undefined;
    }
  };
}
