import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '@aion/errors';
import { isSuperseded, SupersededError } from './export-failure.ts';
import type { WorkingState } from './export-gateway.ts';

/** Options of `startLease`. */
export interface LeaseOptions {
  readonly leaseMs: number;
  /** `performance.now()` when the claim was sent, the earliest time at which the lease may have begun. */
  readonly claimedAt: number;
  /** Renews once. @throws Error with code CONFLICT or NOT_FOUND when a newer fencing token was issued */
  readonly renew: (state: WorkingState, leaseMs: number, signal?: AbortSignal) => Promise<void>;
}

/** A lease that is renewed in the background until it is stopped or lost. */
export interface Lease {
  /** Aborted when the lease is lost: with a `SupersededError`, or with an `UnavailableError` when it expired. */
  readonly signal: AbortSignal;
  /** Renews with the state `sealing`. @throws the signal's reason when the lease is lost meanwhile */
  startFinalizing(): Promise<void>;
  /** Ends the renewals, and waits for one in progress. */
  stop(): Promise<void>;
  /** Shortens a stopped lease so that it expires soon and the next worker need not wait for all of it. */
  release(): Promise<void>;
}

const RENEWALS_PER_LEASE = 3;
const ATTEMPTS_PER_LEASE = 10;
/** The contract's minimum. */
const MIN_LEASE_MS = 1_000;

/** Renews a lease three times per duration. A renewal without an answer is repeated until the lease has expired. */
export function startLease({ leaseMs, claimedAt, renew }: LeaseOptions): Lease {
  const lost = new AbortController();
  const stopped = new AbortController();
  let state: WorkingState = 'running';
  let expiresAt = claimedAt + leaseMs;
  let lastRenewal: Promise<unknown> = Promise.resolve();

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
        lose(new SupersededError('A newer fencing token was issued for the export.', { cause: error }));
      } else if (performance.now() >= expiresAt) {
        lose(new UnavailableError('The lease expired before it could be renewed.', { cause: error }));
      }
      return false;
    }
  };

  // One at a time: an older report must not arrive after a newer one.
  const renewInOrder = async (): Promise<boolean> => {
    const renewal = lastRenewal.then(renewOnce);
    lastRenewal = renewal;
    return renewal;
  };

  const pause = async (ms: number): Promise<void> => {
    await sleep(ms, undefined, { signal: stopped.signal }).catch(() => undefined); // Callers check the signal.
  };

  const renewUntilStopped = async (): Promise<void> => {
    let isRenewed = true;
    for (;;) {
      await pause(leaseMs / (isRenewed ? RENEWALS_PER_LEASE : ATTEMPTS_PER_LEASE));
      if (stopped.signal.aborted) return;
      isRenewed = await renewInOrder();
    }
  };
  const renewals = renewUntilStopped();

  return {
    signal: lost.signal,
    startFinalizing: async () => {
      state = 'sealing';
      while (!(await renewInOrder())) {
        lost.signal.throwIfAborted();
        await pause(leaseMs / ATTEMPTS_PER_LEASE);
      }
    },
    stop: async () => {
      stopped.abort();
      await renewals;
      await lastRenewal;
    },
    release: () => renew(state, Math.min(leaseMs, MIN_LEASE_MS)),
  };
}
