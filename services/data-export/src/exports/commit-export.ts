import { setTimeout as sleep } from 'node:timers/promises';
import { isUnanswered } from './export-failure.ts';
import type { ClaimedExport, ExportGateway, FinalizedExport } from './export-gateway.ts';

/** A commit was sent and its outcome is unknown: the objects may belong to a ready export and must not be deleted. */
export class UncertainCommitError extends Error {
  override readonly name = 'UncertainCommitError';
}

/** Options of `commitExport`. */
export interface CommitOptions {
  readonly gateway: Pick<ExportGateway, 'complete'>;
  readonly claimed: ClaimedExport;
  readonly finalized: FinalizedExport;
  /** Pause before a commit without an answer is repeated. */
  readonly pauseMs: number;
}

/**
 * Completes an export, and repeats the commit while it is not answered: it is idempotent for one fencing token.
 *
 * @throws UncertainCommitError when a commit was sent and its outcome is unknown; else the gateway's error
 */
export async function commitExport(options: CommitOptions, stop: AbortSignal): Promise<void> {
  stop.throwIfAborted();
  let mayBeCommitted = false;
  for (;;) {
    try {
      await options.gateway.complete(options.claimed, options.finalized);
      return;
    } catch (error) {
      mayBeCommitted ||= isUnanswered(error);
      if (stop.aborted || !isUnanswered(error)) {
        if (!mayBeCommitted) throw error;
        throw new UncertainCommitError('The outcome of a commit that was sent is unknown.', { cause: error });
      }
    }
    await sleep(options.pauseMs, undefined, { signal: stop }).catch(() => undefined); // Then one last attempt.
  }
}
