import type { ProgressStream } from './progress.ts';

/** Counter of items whose total is unknown. */
export interface Counter {
  readonly update: (count: number) => void;
  readonly stop: () => void;
}

/** Items per line in a log. */
const LOGGED_EVERY = 10_000;

/** Creates a counter that updates one line on a terminal, and writes further lines to a log. */
export function createCounter(stream: ProgressStream): Counter {
  if (stream.isTTY === true) {
    return {
      update: (count) => void stream.write(`\r${count} read`),
      // Return to the start of the line and erase it (ECMA-48, EL).
      stop: () => void stream.write('\r\u001b[K'),
    };
  }
  let logged = 0;
  return {
    update: (count) => {
      if (count - logged < LOGGED_EVERY) return;
      logged = count;
      stream.write(`${count} read\n`);
    },
    stop: () => undefined,
  };
}
