import { createPeriodicTask, type PeriodicTask } from '@aion/http';
import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import { contextFromCarrier, withSpan } from '@aion/tracing';
import type { ClaimedOutboxRow, OutboxStore } from './outbox-store.ts';
import { settleFailedRow } from './settle-failed-row.ts';

/** Publishes a row to the queue; rows with the same dedupe key become one job. */
export type PublishOutboxRow = (row: {
  readonly topic: string;
  readonly payload: unknown;
  readonly dedupeKey: string;
}) => Promise<void>;

/** Options of `createOutboxRelay`. */
export interface OutboxRelayOptions {
  readonly outbox: OutboxStore;
  readonly publish: PublishOutboxRow;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Pause between two reads of the outbox when nothing wakes the relay. Default 1 000. */
  readonly pollMs?: number;
  /** Time for which a claimed row belongs to this relay; longer than the queue may take to answer. Default 30 000. */
  readonly claimMs?: number;
  /** Rejections of a row, while the queue accepts others, after which it is dead-lettered. Default 20: three minutes. */
  readonly maxRejections?: number;
}

/**
 * Publisher of outbox rows to the queue, at least once each. A row that the queue never accepts is dead-lettered. Any
 * number of relays may run concurrently; `stop` waits for the rows that are being published.
 */
export type OutboxRelay = PeriodicTask;

const BATCH_ROWS = 20;
/** Time after an accepted row for which the queue counts as available; several times the longest pause of a row. */
const AVAILABLE_MS = 30_000;

/** Creates a relay. */
export function createOutboxRelay(options: OutboxRelayOptions): OutboxRelay {
  const { logger, pollMs = 1_000 } = options;
  const queue: QueueState = { acceptedAt: -Infinity };
  return createPeriodicTask({
    run: (signal) => drain(options, queue, signal),
    intervalMs: pollMs,
    onError: (error) => logger.warn('Reading the outbox failed, will retry', { error }),
  });
}

/** State of the queue: when it last accepted a row, as `performance.now()`. */
interface QueueState {
  acceptedAt: number;
}

async function drain(options: OutboxRelayOptions, queue: QueueState, signal: AbortSignal): Promise<void> {
  const { outbox, metrics, claimMs = 30_000 } = options;
  while (!signal.aborted) {
    const rows = await outbox.claim(BATCH_ROWS, claimMs);
    await Promise.all(rows.map((row) => relayRow(options, queue, row)));
    if (rows.length < BATCH_ROWS) break;
  }
  if (metrics.subjects.has('queue')) await reportState(options);
}

async function reportState({ outbox, metrics }: OutboxRelayOptions): Promise<void> {
  const { oldestAgeSeconds, deadLettered } = await outbox.readState();
  metrics.gauge('aion_outbox_oldest_age_seconds').set({}, oldestAgeSeconds);
  for (const [reason, rows] of Object.entries(deadLettered)) {
    metrics.gauge('aion_outbox_parked_rows').set({ reason }, rows);
  }
}

async function relayRow(options: OutboxRelayOptions, queue: QueueState, row: ClaimedOutboxRow): Promise<void> {
  const { outbox, publish, logger, maxRejections = 20 } = options;
  const parent = contextFromCarrier(row.carrier);
  const attributes = { 'aion.outbox.topic': row.topic, 'aion.outbox.attempt': row.attempts };
  const progress: { isPublished: boolean } = { isPublished: false };
  try {
    await withSpan('publish outbox', { subject: 'queue', parent, attributes }, async () => {
      await publish({ topic: row.topic, payload: row.payload, dedupeKey: row.dedupe_key });
      progress.isPublished = true;
      queue.acceptedAt = performance.now();
      await outbox.markPublished(row.id);
    });
  } catch (error) {
    const isQueueAvailable = !progress.isPublished && performance.now() - queue.acceptedAt < AVAILABLE_MS;
    await settleFailedRow({ outbox, logger, row, error, isQueueAvailable, maxRejections });
  }
}
