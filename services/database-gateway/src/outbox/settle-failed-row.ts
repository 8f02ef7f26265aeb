import { redactText, type Logger } from '@aion/logging';
import type { ClaimedOutboxRow, OutboxStore, ParkedReason } from './outbox-store.ts';
import { UnpublishableRowError } from './unpublishable-row-error.ts';

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 10_000;

/** A row that was not published. */
export interface FailedRow {
  readonly outbox: OutboxStore;
  readonly logger: Logger;
  readonly row: ClaimedOutboxRow;
  readonly error: unknown;
  /** Whether the queue takes other rows: then this one is refused. While the queue is away, nobody is at fault. */
  readonly isQueueTakingRows: boolean;
  readonly maxRefusals: number;
}

/** Makes a row due again, later each time, or parks it when it was refused too often. Never rejects. */
export async function settleFailedRow(failed: FailedRow): Promise<void> {
  const { outbox, logger, row, error } = failed;
  const about = { outbox_id: row.id, topic: row.topic, attempts: row.attempts };
  const failure = redactText(String(error));
  const retryAfterMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(row.attempts, 10), MAX_PAUSE_MS);
  logger.warn('An outbox row could not be published', { ...about, error });
  const reason = refusalOf(failed);
  try {
    if (reason === undefined) await outbox.markFailed(row.id, failure, retryAfterMs);
    else if (await outbox.markRefused(row.id, { reason, failure, retryAfterMs, maxRefusals: failed.maxRefusals })) {
      logger.error('An outbox row was parked: it is not published until it is released', { ...about, reason });
    }
  } catch (lost) {
    logger.warn('An outbox row is due again only after the time for which it was taken', { error: lost });
  }
}

function refusalOf({ error, isQueueTakingRows }: FailedRow): ParkedReason | undefined {
  if (error instanceof UnpublishableRowError) return error.reason;
  return isQueueTakingRows ? 'refused' : undefined;
}
