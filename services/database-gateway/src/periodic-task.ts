/** A task that runs repeatedly in the background. */
export interface PeriodicTask {
  start(): void;
  /** Starts a run immediately, or another one after the run in progress, instead of after the pause. */
  wake(): void;
  /** Waits for the run in progress; no further one starts. */
  stop(): Promise<void>;
}

/** Options of `createPeriodicTask`. */
export interface PeriodicTaskOptions {
  readonly run: () => Promise<void>;
  /** Pause after each run. */
  readonly pauseMs: number;
  /** Called with the error of a failed run, which does not end the task. */
  readonly onError: (error: unknown) => void;
}

/** Creates a task whose runs never overlap. */
export function createPeriodicTask({ run, pauseMs, onError }: PeriodicTaskOptions): PeriodicTask {
  let isStopped = false;
  let isWoken = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  const runNow = (): void => {
    clearTimeout(timer);
    if (isStopped) return;
    if (running !== undefined) {
      isWoken = true;
      return;
    }
    running = run()
      .catch(onError)
      .then(() => {
        running = undefined;
        if (!isStopped) timer = setTimeout(runNow, isWoken ? 0 : pauseMs);
        isWoken = false;
      });
  };
  return {
    start: runNow,
    wake: runNow,
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
