import { createRequire } from 'node:module';

// Required, with a cast: the package's declarations are those of its CommonJS build, whose default export they nest.
const { default: TestSequencer } = createRequire(import.meta.url)(
  '@jest/test-sequencer',
) as typeof import('@jest/test-sequencer');

type SequencerBase = InstanceType<typeof TestSequencer>;

/** A test file, as Jest passes it to a sequencer. */
export interface TestFile {
  readonly path: string;
  /** Last known duration in milliseconds. */
  readonly duration?: number | undefined;
  readonly context: {
    readonly config: { readonly displayName?: { readonly name: string } | undefined };
    readonly hasteFS: { getSize(path: string): number | null };
  };
}

/** Durations assumed of test files that have not run in this checkout, by lane, in milliseconds. */
const ASSUMED_DURATION_MS: Readonly<Record<string, number>> = { unit: 500, integration: 10_000, e2e: 60_000 };
/** Orders unknown files of one lane: as many bytes count as a millisecond. */
const BYTES_PER_MS = 10;

/**
 * Jest sequencer that starts the files with the longest last known duration first, so that no worker is left with a long
 * file when the others have nothing to do.
 */
export default class LongestFirstSequencer extends TestSequencer {
  override async sort(tests: Parameters<SequencerBase['sort']>[0]): Promise<typeof tests> {
    // The base class reads the last known durations.
    return orderByDuration(await super.sort(tests));
  }
}

/** Orders test files by their known or assumed duration, longest first. */
export function orderByDuration<T extends TestFile>(files: readonly T[]): T[] {
  return files
    .map((file) => ({ file, durationMs: file.duration ?? assumeDuration(file) }))
    .toSorted((a, b) => b.durationMs - a.durationMs)
    .map(({ file }) => file);
}

/** Estimates a duration from the lane, which is the end of the project's name, and the size of the file. */
function assumeDuration({ path, context }: TestFile): number {
  const lane = context.config.displayName?.name.split(':').at(-1) ?? '';
  return (ASSUMED_DURATION_MS[lane] ?? 0) + (context.hasteFS.getSize(path) ?? 0) / BYTES_PER_MS;
}
