import { Presets, SingleBar } from 'cli-progress';

/** Progress of a verification. */
export interface ProgressUpdate {
  readonly step: string;
  readonly bytes: number;
  /** Undefined if unknown. */
  readonly totalBytes: number | undefined;
}

/** Progress bar of a verification; without a terminal it shows nothing. */
export interface VerifyProgress {
  readonly update: (progress: ProgressUpdate) => void;
  /** Removes the bar. */
  readonly stop: () => void;
}

const BYTES_PER_MB = 1_000_000;
/** Returns to the start of the line and erases it (ECMA-48, EL). */
const CLEAR_LINE = '\r\u001b[K';

/** Creates a progress bar of the bytes read, or a counter if their total is unknown. Shown only on a terminal. */
export function createVerifyProgress(stream: NodeJS.WriteStream, isWanted: boolean): VerifyProgress {
  if (!isWanted || !stream.isTTY) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar(
    { stream, clearOnComplete: true, hideCursor: true, format: '{step} {bar} {percentage} %' },
    Presets.shades_classic,
  );
  let isStarted = false;
  return {
    update({ step, bytes, totalBytes }) {
      if (totalBytes === undefined) {
        stream.write(`${CLEAR_LINE}${step} ${(bytes / BYTES_PER_MB).toFixed(1)} MB`);
        return;
      }
      if (!isStarted) bar.start(totalBytes, bytes, { step });
      isStarted = true;
      bar.setTotal(totalBytes);
      bar.update(bytes, { step });
    },
    stop() {
      bar.stop();
      if (!isStarted) stream.write(CLEAR_LINE);
    },
  };
}
