import type { Writable } from 'node:stream';
import { SingleBar } from 'cli-progress';

/** Shows how far a transfer is, to a person or a log. */
export interface Progress {
  /** A line of its own. */
  note(line: string): void;
  start(title: string, totalBytes: number, doneBytes: number): void;
  update(doneBytes: number): void;
  stop(): void;
}

/** Where progress is shown. */
export type ProgressStream = Writable & { readonly isTTY?: boolean };

const BYTES_PER_MB = 1_000_000;
/** In a log, a line for each tenth. */
const LOGGED_STEPS = 10;

/** Creates a bar on a terminal, and plain lines anywhere else. */
export function createProgress(stream: ProgressStream): Progress {
  const note = (line: string): void => void stream.write(`${line}\n`);
  return stream.isTTY === true ? { note, ...createBar(stream) } : { note, ...createLines(note) };
}

function createBar(stream: ProgressStream): Omit<Progress, 'note'> {
  let bar: SingleBar | undefined;
  return {
    start: (title, totalBytes, doneBytes) => {
      const format = `${title} {bar} {percentage}% of ${toMb(totalBytes)} MB, {eta_formatted} left`;
      bar = new SingleBar({ format, stream, hideCursor: true, etaBuffer: 50 });
      bar.start(totalBytes, doneBytes);
    },
    update: (doneBytes) => bar?.update(doneBytes),
    stop: () => bar?.stop(),
  };
}

function createLines(note: (line: string) => void): Omit<Progress, 'note'> {
  let title = '';
  let total = 0;
  let nextStep = 0;
  const update = (doneBytes: number): void => {
    const share = total === 0 ? 1 : doneBytes / total;
    const step = Math.floor(share * LOGGED_STEPS);
    if (step < nextStep) return;
    note(`${title} ${Math.floor(share * 100)}% (${toMb(doneBytes)} of ${toMb(total)} MB)`);
    nextStep = step + 1;
  };
  return {
    start: (newTitle, totalBytes, doneBytes) => {
      title = newTitle;
      total = totalBytes;
      nextStep = 0;
      update(doneBytes);
    },
    update,
    stop: () => undefined,
  };
}

function toMb(bytes: number): string {
  return (bytes / BYTES_PER_MB).toFixed(1);
}
