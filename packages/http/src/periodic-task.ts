/** Options of `createPeriodicTask`. */
export interface PeriodicTaskOptions {
  /** Executes one run. The signal is aborted by `stop`, so that a long run can end early. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Pause between the end of one run and the start of the next. */
  readonly intervalMs: number;
  /** Delay of the first run; by default it starts immediately. */
  readonly firstDelayMs?: number;
  /** Receives the error of a failed run; the next run follows after the usual pause. */
  readonly onError: (error: unknown) => void;
}

/** A function that runs periodically, one run at a time. */
export interface PeriodicTask {
  start(): void;
  /** Starts the next run immediately, or right after the run in progress. Has no effect before `start`. */
  wake(): void;
  /** Waits for the run in progress; no other run follows. */
  stop(): Promise<void>;
}

/** Creates a periodic task. Runs never overlap, and a failed run does not end the task. */
export function createPeriodicTask(options: PeriodicTaskOptions): PeriodicTask {
  const { run, intervalMs, firstDelayMs = 0, onError } = options;
  const stopping = new AbortController();
  let isStarted = false;
  let isWoken = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  const execute = (): void => {
    clearTimeout(timer);
    isWoken = false;
    running = runOnce().then(scheduleNext);
  };
  const runOnce = async (): Promise<void> => {
    try {
      await run(stopping.signal);
    } catch (error) {
      onError(error);
    }
  };
  const scheduleNext = (): void => {
    running = undefined;
    if (stopping.signal.aborted) return;
    if (isWoken) execute();
    else timer = setTimeout(execute, intervalMs);
  };

  return {
    start: () => {
      isStarted = true;
      if (firstDelayMs === 0) execute();
      else timer = setTimeout(execute, firstDelayMs);
    },
    wake: () => {
      isWoken = true;
      if (isStarted && !stopping.signal.aborted && running === undefined) execute();
    },
    stop: async () => {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
