import { redactText, type Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import { contextFromCarrier, withSpan } from '@aion/tracing';
import type { ClaimedOutboxRow, OutboxStore } from './outbox-store.ts';

/** Gives a row to the queue; the same dedupe key twice makes one job. */
export type PublishOutboxRow = (row: {
  readonly topic: string;
  readonly payload: unknown;
  readonly dedupeKey: string;
}) => Promise<void>;

/** What a relay needs. */
export interface OutboxRelayOptions {
  readonly outbox: OutboxStore;
  readonly publish: PublishOutboxRow;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Pause between two looks when nobody wakes the relay. Default 1 000. */
  readonly pollMs?: number;
  /** How long a taken row is left to this relay; longer than the queue may take to answer. Default 30 000. */
  readonly claimMs?: number;
}

/** Brings what is in the outbox to the queue, at least once. Any number of relays may run at once. */
export interface OutboxRelay {
  start(): void;
  /** Looks now: a row was announced. */
  wake(): void;
  /** Takes no more rows and waits for those that are on their way. */
  stop(): Promise<void>;
}

const BATCH_ROWS = 20;
const MAX_PAUSE_MS = 10_000;

/** Creates a relay. */
export function createOutboxRelay(options: OutboxRelayOptions): OutboxRelay {
  const { logger, pollMs = 1_000 } = options;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let wokenWhileRunning = false;

  const look = (): void => {
    clearTimeout(timer);
    if (stopped) return;
    if (running !== undefined) {
      wokenWhileRunning = true;
      return;
    }
    running = drain(options, () => stopped)
      .catch((error: unknown) => logger.warn('The outbox could not be read', { error }))
      .then(() => {
        running = undefined;
        const pauseMs = wokenWhileRunning ? 0 : pollMs;
        wokenWhileRunning = false;
        if (!stopped) timer = setTimeout(look, pauseMs);
      });
  };
  return {
    start: look,
    wake: look,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

async function drain(options: OutboxRelayOptions, isStopped: () => boolean): Promise<void> {
  const { outbox, metrics, claimMs = 30_000 } = options;
  for (let isMore = true; isMore && !isStopped();) {
    const rows = await outbox.claim(BATCH_ROWS, claimMs);
    await Promise.all(rows.map((row) => relayRow(options, row)));
    isMore = rows.length === BATCH_ROWS;
  }
  if (!metrics.subjects.has('queue')) return;
  metrics.gauge('aion_outbox_oldest_age_seconds').set({}, await outbox.oldestAgeSeconds());
}

async function relayRow({ outbox, publish, logger }: OutboxRelayOptions, row: ClaimedOutboxRow): Promise<void> {
  const parent = contextFromCarrier(row.carrier);
  const attributes = { 'aion.outbox.topic': row.topic, 'aion.outbox.attempt': row.attempts };
  try {
    await withSpan('publish outbox', { subject: 'queue', parent, attributes }, async () => {
      await publish({ topic: row.topic, payload: row.payload, dedupeKey: row.dedupe_key });
      await outbox.markPublished(row.id);
    });
  } catch (error) {
    const pauseMs = Math.min(250 * 2 ** Math.min(row.attempts, 10), MAX_PAUSE_MS);
    logger.warn('An outbox row could not be published', {
      outbox_id: row.id,
      topic: row.topic,
      attempts: row.attempts,
      error,
    });
    try {
      await outbox.markFailed(row.id, redactText(String(error)), pauseMs);
    } catch (failure) {
      logger.warn('An outbox row is due again only after the time for which it was taken', { error: failure });
    }
  }
}
