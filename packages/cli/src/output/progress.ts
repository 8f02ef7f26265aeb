import type { Writable } from 'node:stream';
import { SingleBar } from 'cli-progress';

/** Progress of a long operation, on a terminal or in a log. */
export interface Progress {
  /** Prints a separate line. */
  note(line: string): void;
  start(title: string, total: number, done: number): void;
  update(done: number): void;
  stop(): void;
}

/** Destination of progress. */
export type ProgressStream = Writable & { readonly isTTY?: boolean };

const BYTES_PER_MB = 1_000_000;
/** Lines per operation in a log. */
const LOGGED_STEPS = 10;

/** Unit of progress; bytes are shown in MB. */
export type ProgressUnit = 'bytes' | 'rows';

/** Creates a progress bar on a terminal, and plain lines otherwise. */
export function createProgress(stream: ProgressStream, unit: ProgressUnit = 'bytes'): Progress {
  const note = (line: string): void => void stream.write(`${line}\n`);
  return stream.isTTY === true ? { note, ...createBar(stream, unit) } : { note, ...createLines(note, unit) };
}

function createBar(stream: ProgressStream, unit: ProgressUnit): Omit<Progress, 'note'> {
  let bar: SingleBar | undefined;
  return {
    start: (title, total, done) => {
      bar?.stop();
      const format = `${title} {bar} {percentage}% of ${toAmount(total, unit)}, {eta_formatted} left`;
      bar = new SingleBar({ format, stream, hideCursor: true, etaBuffer: 50 });
      bar.start(total, done);
    },
    update: (done) => bar?.update(done),
    stop: () => bar?.stop(),
  };
}

function createLines(note: (line: string) => void, unit: ProgressUnit): Omit<Progress, 'note'> {
  let title = '';
  let total = 0;
  let nextStep = 0;
  const update = (done: number): void => {
    if (total === 0) return;
    const share = done / total;
    const step = Math.floor(share * LOGGED_STEPS);
    if (step < nextStep) return;
    note(`${title} ${Math.floor(share * 100)}% (${toNumber(done, unit)} of ${toAmount(total, unit)})`);
    nextStep = step + 1;
  };
  return {
    start: (newTitle, newTotal, done) => {
      title = newTitle;
      total = newTotal;
      nextStep = 0;
      // The total may become known later.
      if (total === 0) note(title);
      update(done);
    },
    update,
    stop: () => undefined,
  };
}

function toAmount(amount: number, unit: ProgressUnit): string {
  return `${toNumber(amount, unit)} ${unit === 'bytes' ? 'MB' : unit}`;
}

function toNumber(amount: number, unit: ProgressUnit): string {
  return unit === 'bytes' ? (amount / BYTES_PER_MB).toFixed(1) : String(amount);
}
