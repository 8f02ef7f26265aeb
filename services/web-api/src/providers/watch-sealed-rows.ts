import { setTimeout as pause } from 'node:timers/promises';
import { countSealedRows } from '@aion/contracts';
import type { ServiceClient } from '@aion/http';
import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import type { Sealer } from '@aion/sealing';

/** What the gauge of sealed rows needs. */
export interface WatchSealedRowsOptions {
  readonly database: ServiceClient;
  readonly sealer: Sealer;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Between two counts; default a minute. */
  readonly pauseMs?: number;
}

const KEYS = ['current', 'former', 'unknown'] as const;
const PAUSE_MS = 60_000;
/** After a count that failed. */
const RETRY_MS = 1_000;

/**
 * Shows how many rows are sealed under the current key, under former ones, and under keys that this process lacks, until
 * the signal is aborted. While they cannot be counted the series are gone.
 */
export async function watchSealedRows(options: WatchSealedRowsOptions): Promise<void> {
  const { database, sealer, metrics, logger, signal, pauseMs = PAUSE_MS } = options;
  if (!metrics.subjects.has('db')) return;
  const gauge = metrics.gauge('aion_sealed_rows');
  const count = async (): Promise<void> => {
    const { data } = await database.call(countSealedRows, { signal });
    for (const key of KEYS) {
      const under = data.filter(({ key_id: keyId }) => stateOf(sealer, keyId) === key);
      const total = under.reduce((sum, { rows }) => sum + rows, 0);
      gauge.set({ sealed_under: key }, total);
    }
  };
  while (!signal.aborted) {
    const isCounted = await count().then(
      () => true,
      (error: unknown) => {
        // At the start database-gateway may not be there yet, and a stop ends the request.
        if (!signal.aborted) logger.debug('Sealed rows cannot be counted for now', { error });
        for (const key of KEYS) gauge.remove({ sealed_under: key });
        return false;
      },
    );
    // Rejects when the signal is aborted, which ends the loop.
    await pause(isCounted ? pauseMs : RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}

function stateOf(sealer: Sealer, keyId: string): (typeof KEYS)[number] {
  if (keyId === sealer.keyId) return 'current';
  return sealer.knows(keyId) ? 'former' : 'unknown';
}
