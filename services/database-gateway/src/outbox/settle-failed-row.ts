import { redactText, type Logger } from '@aion/logging';
import type { ClaimedOutboxRow, OutboxStore, DeadLetterReason } from './outbox-store.ts';
import { UnpublishableRowError } from './unpublishable-row-error.ts';

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 10_000;

/** An outbox row that could not be published. */
export interface FailedRow {
  readonly outbox: OutboxStore;
  readonly logger: Logger;
  readonly row: ClaimedOutboxRow;
  readonly error: unknown;
  /** True if the queue accepts other rows, so that the failure counts as a rejection of this one. */
  readonly isQueueAvailable: boolean;
  readonly maxRejections: number;
}

/** Makes a row due again after a growing pause, or dead-letters it after too many rejections. Never throws. */
export async function settleFailedRow(failed: FailedRow): Promise<void> {
  const { outbox, logger, row, error } = failed;
  const fields = { outbox_id: row.id, topic: row.topic, attempts: row.attempts };
  const failure = redactText(String(error));
  const retryAfterMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(row.attempts, 10), MAX_PAUSE_MS);
  logger.warn('Outbox row could not be published', { ...fields, error });
  const reason = findRejection(failed);
  try {
    if (reason === undefined) await outbox.markFailed(row.id, failure, retryAfterMs);
    else if (
      await outbox.markRejected(row.id, { reason, failure, retryAfterMs, maxRejections: failed.maxRejections })
    ) {
      logger.error('Outbox row dead-lettered, not published until it is released', { ...fields, reason });
    }
  } catch (settleError) {
    logger.warn('Outbox row could not be settled, due again when its claim expires', { error: settleError });
  }
}

function findRejection({ error, isQueueAvailable }: FailedRow): DeadLetterReason | undefined {
  if (error instanceof UnpublishableRowError) return error.reason;
  return isQueueAvailable ? 'refused' : undefined;
}
