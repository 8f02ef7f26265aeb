import { setTimeout as sleep } from 'node:timers/promises';
import type { ClaimedExport, SealedExport } from './export.ts';
import type { ExportGateway } from './export-gateway.ts';
import { isUnanswered } from './run-errors.ts';

/** The commit was sent and its outcome is not known: the objects may belong to a ready export and must stay. */
export class UncertainCommitError extends Error {
  override readonly name = 'UncertainCommitError';
}

/** Where the commit goes and how often it is repeated. */
export interface CommitOptions {
  readonly gateway: Pick<ExportGateway, 'complete'>;
  readonly claimed: ClaimedExport;
  readonly sealed: SealedExport;
  readonly pauseMs: number;
}

/**
 * Completes an export, and repeats it while no answer comes: the same epoch may commit any number of times.
 * @throws UncertainCommitError when a commit was sent and nothing is known of it; else what the gateway throws.
 */
export async function commitExport(options: CommitOptions, stop: AbortSignal): Promise<void> {
  stop.throwIfAborted();
  for (let unanswered = false; ; unanswered = true) {
    try {
      await options.gateway.complete(options.claimed, options.sealed);
      return;
    } catch (error) {
      const giveUp = stop.aborted || !isUnanswered(error);
      if (giveUp && (unanswered || isUnanswered(error))) {
        throw new UncertainCommitError('Nothing is known of a commit that was sent.', { cause: error });
      }
      if (giveUp) throw error;
    }
    await sleep(options.pauseMs, undefined, { signal: stop }).catch(() => undefined); // Then one last try.
  }
}
