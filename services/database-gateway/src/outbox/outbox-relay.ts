import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import { contextFromCarrier, withSpan } from '@aion/tracing';
import type { ClaimedOutboxRow, OutboxStore } from './outbox-store.ts';
import { settleFailedRow } from './settle-failed-row.ts';

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
  /** How often the queue may refuse a row, while it takes others, until the row is parked. Default 20: three minutes. */
  readonly maxRefusals?: number;
}

/**
 * Brings what is in the outbox to the queue, at least once. A row that can never get there is parked. Any number of relays may run at once.
 */
export interface OutboxRelay {
  start(): void;
  /** Looks now: a row was announced. */
  wake(): void;
  /** Takes no more rows and waits for those that are on their way. */
  stop(): Promise<void>;
}

const BATCH_ROWS = 20;
/** As long as the longest pause of a row, several times over. */
const TAKING_MS = 30_000;

/** Creates a relay. */
export function createOutboxRelay(options: OutboxRelayOptions): OutboxRelay {
  const { logger, pollMs = 1_000 } = options;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let wokenWhileRunning = false;
  const queueState: QueueState = { tookAt: -Infinity };

  const look = (): void => {
    clearTimeout(timer);
    if (stopped) return;
    if (running !== undefined) {
      wokenWhileRunning = true;
      return;
    }
    running = drain(options, queueState, () => stopped)
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

/** What a relay knows of the queue: when it last took a row, as `performance.now()`. */
interface QueueState {
  tookAt: number;
}

async function drain(options: OutboxRelayOptions, queue: QueueState, isStopped: () => boolean): Promise<void> {
  const { outbox, metrics, claimMs = 30_000 } = options;
  for (let isMore = true; isMore && !isStopped();) {
    const rows = await outbox.claim(BATCH_ROWS, claimMs);
    await Promise.all(rows.map((row) => relayRow(options, queue, row)));
    isMore = rows.length === BATCH_ROWS;
  }
  if (metrics.subjects.has('queue')) await showState(options);
}

async function showState({ outbox, metrics }: OutboxRelayOptions): Promise<void> {
  const { oldestAgeSeconds, parked } = await outbox.readState();
  metrics.gauge('aion_outbox_oldest_age_seconds').set({}, oldestAgeSeconds);
  for (const [reason, rows] of Object.entries(parked)) metrics.gauge('aion_outbox_parked_rows').set({ reason }, rows);
}

async function relayRow(options: OutboxRelayOptions, queue: QueueState, row: ClaimedOutboxRow): Promise<void> {
  const { outbox, publish, logger, maxRefusals = 20 } = options;
  const parent = contextFromCarrier(row.carrier);
  const attributes = { 'aion.outbox.topic': row.topic, 'aion.outbox.attempt': row.attempts };
  const progress: { isPublished: boolean } = { isPublished: false };
  try {
    await withSpan('publish outbox', { subject: 'queue', parent, attributes }, async () => {
      await publish({ topic: row.topic, payload: row.payload, dedupeKey: row.dedupe_key });
      progress.isPublished = true;
      queue.tookAt = performance.now();
      await outbox.markPublished(row.id);
    });
  } catch (error) {
    const isQueueTakingRows = !progress.isPublished && performance.now() - queue.tookAt < TAKING_MS;
    await settleFailedRow({ outbox, logger, row, error, isQueueTakingRows, maxRefusals });
  }
}
