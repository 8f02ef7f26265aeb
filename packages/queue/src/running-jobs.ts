/** Signals from the worker to one run. */
export interface RunControl {
  readonly signal: AbortSignal;
  /** Resolves when the worker abandons this run. */
  readonly abandoned: Promise<void>;
  /** Reports whether the aborted signal means that the worker is closing, not that another worker took over the job. */
  readonly isClosing: () => boolean;
}

/** Jobs that a worker is running. */
export interface RunningJobs {
  track<T>(jobId: string, run: (control: RunControl) => Promise<T>): Promise<T>;
  /** Aborts runs whose locks were lost: another worker runs these jobs, or will. */
  lose(jobIds: readonly string[]): void;
  /** Aborts all runs after `graceMs` and abandons the rest after another `abortGraceMs`; resolves when none is left. */
  close(graceMs: number, abortGraceMs: number): Promise<void>;
}

/** Creates an empty set of running jobs. */
export function createRunningJobs(): RunningJobs {
  const runs = new Map<string, { readonly controller: AbortController; readonly abandon: () => void }>();
  const idle = Promise.withResolvers<void>();
  let closing = false;
  let aborting = false;
  return {
    track: async (jobId, run) => {
      const controller = new AbortController();
      const { promise: abandoned, resolve: abandon } = Promise.withResolvers<void>();
      const entry = { controller, abandon };
      runs.set(jobId, entry);
      try {
        return await run({ signal: controller.signal, abandoned, isClosing: () => aborting });
      } finally {
        // A lost job may already be running here again, under another entry.
        if (runs.get(jobId) === entry) runs.delete(jobId);
        if (closing && runs.size === 0) idle.resolve();
      }
    },
    lose: (jobIds) => {
      for (const jobId of jobIds) runs.get(jobId)?.controller.abort(new Error(`the lock of job ${jobId} was lost`));
    },
    close: async (graceMs, abortGraceMs) => {
      closing = true;
      if (runs.size === 0) return;
      const abortAll = (): void => {
        aborting = true;
        for (const { controller } of runs.values()) controller.abort(new Error('the worker is closing'));
      };
      const abandonAll = (): void => {
        for (const { abandon } of runs.values()) abandon();
        idle.resolve();
      };
      const timers = [setTimeout(abortAll, graceMs), setTimeout(abandonAll, graceMs + abortGraceMs)];
      await idle.promise;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
