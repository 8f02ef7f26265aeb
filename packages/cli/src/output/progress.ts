import type { Writable } from 'node:stream';
import { SingleBar } from 'cli-progress';

/** Shows how far something long is, to a person or a log. */
export interface Progress {
  /** A line of its own. */
  note(line: string): void;
  start(title: string, total: number, done: number): void;
  update(done: number): void;
  stop(): void;
}

/** Where progress is shown. */
export type ProgressStream = Writable & { readonly isTTY?: boolean };

const BYTES_PER_MB = 1_000_000;
/** In a log, a line for each tenth. */
const LOGGED_STEPS = 10;

/** What is counted: bytes, which are shown in MB, or rows. */
export type ProgressUnit = 'bytes' | 'rows';

/** Creates a bar on a terminal, and plain lines anywhere else. */
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
      // How much there is may be found out on the way.
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
