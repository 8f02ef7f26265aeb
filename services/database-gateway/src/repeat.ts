/** Work that is done again and again. */
export interface Repetition {
  start(): void;
  /** Waits for the run that is in progress; there is no further one. */
  stop(): Promise<void>;
}

/** Runs a function, one run at a time, with a pause after each. A failed run does not end it. */
export function repeat(options: {
  readonly run: () => Promise<void>;
  readonly pauseMs: number;
  readonly onError: (error: unknown) => void;
}): Repetition {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const next = (): void => {
    if (stopped) return;
    running = options
      .run()
      .catch(options.onError)
      .then(() => {
        if (!stopped) timer = setTimeout(next, options.pauseMs);
      });
  };
  return {
    start: next,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
