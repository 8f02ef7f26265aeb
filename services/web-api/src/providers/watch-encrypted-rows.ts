import { internalRoutes } from '@aion/contracts';
import { pause, type ServiceClient } from '@aion/http';
import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import type { Encryption } from '@aion/encryption';

/** Options of `watchEncryptedRows`. */
export interface WatchEncryptedRowsOptions {
  readonly database: ServiceClient;
  readonly encryption: Encryption;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Pause between two counts; default one minute. */
  readonly pauseMs?: number;
}

const KEYS = ['current', 'former', 'unknown'] as const;
const PAUSE_MS = 60_000;
/** Pause after a failed count. */
const RETRY_MS = 1_000;

/**
 * Reports how many rows are encrypted with the current key, with former keys, and with keys that this process lacks,
 * until the signal is aborted. While counting fails the series are removed.
 */
export async function watchEncryptedRows(options: WatchEncryptedRowsOptions): Promise<void> {
  const { database, encryption, metrics, logger, signal, pauseMs = PAUSE_MS } = options;
  if (!metrics.subjects.has('db')) return;
  const gauge = metrics.gauge('aion_sealed_rows');
  const count = async (): Promise<void> => {
    const { data } = await database.call(internalRoutes.sealingKeys.countRows, { signal });
    for (const key of KEYS) {
      const groups = data.filter(({ key_id: keyId }) => stateOf(encryption, keyId) === key);
      const total = groups.reduce((sum, { rows }) => sum + rows, 0);
      gauge.set({ sealed_under: key }, total);
    }
  };
  while (!signal.aborted) {
    const isCounted = await count().then(
      () => true,
      (error: unknown) => {
        // At startup database-gateway may not be reachable yet, and a stop aborts the request.
        if (!signal.aborted) logger.debug('Counting encrypted rows failed, will retry', { error });
        for (const key of KEYS) gauge.remove({ sealed_under: key });
        return false;
      },
    );
    await pause(isCounted ? pauseMs : RETRY_MS, signal);
  }
}

function stateOf(encryption: Encryption, keyId: string): (typeof KEYS)[number] {
  if (keyId === encryption.keyId) return 'current';
  return encryption.hasKey(keyId) ? 'former' : 'unknown';
}
