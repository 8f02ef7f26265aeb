import type { ProgressStream } from './progress.ts';

/** Says how many things have been read, while it is not known how many there are. */
export interface Counter {
  readonly update: (count: number) => void;
  readonly stop: () => void;
}

/** In a log, a line for each so many. */
const LOGGED_EVERY = 10_000;

/** A line that changes on a terminal; a line now and then in a log. */
export function createCounter(stream: ProgressStream): Counter {
  if (stream.isTTY === true) {
    return {
      update: (count) => void stream.write(`\r${count} read`),
      // Back to the start of the line, and it is empty (ECMA-48, EL).
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
