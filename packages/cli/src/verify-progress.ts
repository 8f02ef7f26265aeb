import { Presets, SingleBar } from 'cli-progress';

/** How far a verification is. */
export interface ProgressUpdate {
  readonly step: string;
  readonly bytes: number;
  /** Undefined while nobody knows. */
  readonly totalBytes: number | undefined;
}

/** A progress bar, or nothing where nobody would see it. */
export interface VerifyProgress {
  readonly update: (progress: ProgressUpdate) => void;
  /** Removes the bar. */
  readonly stop: () => void;
}

const BYTES_PER_MB = 1_000_000;
/** Back to the start of the line, and it is empty (ECMA-48, EL). */
const CLEAR_LINE = '\r\u001b[K';

/** A bar over the bytes that a verification reads, or their count where their end is not known; on a terminal only. */
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
