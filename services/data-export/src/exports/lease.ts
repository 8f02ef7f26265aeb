import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '@aion/errors';
import type { WorkingState } from './export.ts';
import { isSuperseded, SupersededError } from './run-errors.ts';

/** How a lease is kept. */
export interface LeaseOptions {
  readonly leaseMs: number;
  /** `performance.now()` when the claim was sent: the lease is at least as young as that. */
  readonly claimedAt: number;
  /** Renews once; throws CONFLICT or NOT_FOUND when a newer epoch has taken over. */
  readonly renew: (state: WorkingState, leaseMs: number, signal?: AbortSignal) => Promise<void>;
}

/** A lease that is renewed in the background until it is stopped or lost. */
export interface Lease {
  /** Aborted when the lease is lost: with a `SupersededError`, or an `UnavailableError` when it ran out. */
  readonly signal: AbortSignal;
  /** Renews with the state `sealing`; throws the signal's reason when the lease is lost meanwhile. */
  enterSealing(): Promise<void>;
  /** Renews no more, and waits for a renewal that is on its way. */
  stop(): Promise<void>;
  /** Once it is stopped: lets the lease run out soon, so that the next worker need not wait for all of it. */
  release(): Promise<void>;
}

const RENEWALS_PER_LEASE = 3;
const TRIES_PER_LEASE = 10;
/** The shortest lease that the contract knows. */
const SHORTEST_LEASE_MS = 1_000;

/** Renews a lease every third of it. A renewal that is not answered is repeated until the lease has run out. */
export function startLease({ leaseMs, claimedAt, renew }: LeaseOptions): Lease {
  const lost = new AbortController();
  const stopped = new AbortController();
  let state: WorkingState = 'running';
  let expiresAt = claimedAt + leaseMs;
  let queue: Promise<unknown> = Promise.resolve();

  const lose = (reason: Error): void => {
    lost.abort(reason);
    stopped.abort();
  };

  const renewOnce = async (): Promise<boolean> => {
    const sentAt = performance.now();
    try {
      await renew(state, leaseMs, stopped.signal);
      expiresAt = sentAt + leaseMs;
      return true;
    } catch (error) {
      if (stopped.signal.aborted) return false;
      if (isSuperseded(error)) {
        lose(new SupersededError('A newer epoch has taken the export over.', { cause: error }));
      } else if (performance.now() >= expiresAt) {
        lose(new UnavailableError('The lease ran out before it could be renewed.', { cause: error }));
      }
      return false;
    }
  };

  // One at a time: an older report must not arrive after a newer one.
  const renewInTurn = async (): Promise<boolean> => {
    const turn = queue.then(renewOnce);
    queue = turn;
    return turn;
  };

  const pause = async (ms: number): Promise<void> => {
    await sleep(ms, undefined, { signal: stopped.signal }).catch(() => undefined); // Cut short: the callers look.
  };

  const keep = async (): Promise<void> => {
    for (let renewed = true; ;) {
      await pause(leaseMs / (renewed ? RENEWALS_PER_LEASE : TRIES_PER_LEASE));
      if (stopped.signal.aborted) return;
      renewed = await renewInTurn();
    }
  };
  const kept = keep();

  return {
    signal: lost.signal,
    enterSealing: async () => {
      state = 'sealing';
      while (!(await renewInTurn())) {
        lost.signal.throwIfAborted();
        await pause(leaseMs / TRIES_PER_LEASE);
      }
    },
    stop: async () => {
      stopped.abort();
      await kept;
      await queue;
    },
    release: () => renew(state, Math.min(leaseMs, SHORTEST_LEASE_MS)),
  };
}
