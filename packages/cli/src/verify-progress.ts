import type { VerificationProgress } from '@aion/bundle';
import { Presets, SingleBar } from 'cli-progress';

/** A progress bar, or nothing where nobody would see it. */
export interface VerifyProgress {
  readonly update: (progress: VerificationProgress) => void;
  /** Removes the bar. */
  readonly stop: () => void;
}

/** A bar over the bytes that a verification reads, on a terminal only. */
export function createVerifyProgress(stream: NodeJS.WriteStream, isWanted: boolean): VerifyProgress {
  if (!isWanted || !stream.isTTY) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar(
    { stream, clearOnComplete: true, hideCursor: true, format: '{step} {bar} {percentage} %' },
    Presets.shades_classic,
  );
  let isStarted = false;
  return {
    update({ step, bytes, totalBytes }) {
      if (!isStarted) bar.start(totalBytes, bytes, { step });
      isStarted = true;
      bar.setTotal(totalBytes);
      bar.update(bytes, { step });
    },
    stop: () => bar.stop(),
  };
}
