import { BundleWriteError } from './bundle-write-error.ts';

/** Refuses the next step once one has failed, or when the bundle is sealed; and the seal while a step runs. */
export interface WriterGate {
  /** @throws {BundleWriteError} WRITER_STATE */
  enter(step: 'continue' | 'seal'): void;
  run<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** Open, with nothing running. */
export function createWriterGate(): WriterGate {
  let state: 'open' | 'failed' | 'sealed' = 'open';
  let running = 0;
  function refuse(reason: string): never {
    throw new BundleWriteError('WRITER_STATE', `The bundle cannot be continued: ${reason}.`);
  }
  return {
    enter(step) {
      if (state === 'failed') refuse('an earlier step failed, so it would not be whole');
      if (state === 'sealed') refuse('it is sealed');
      if (step === 'continue') return;
      if (running > 0) refuse('a table is still being written');
      state = 'sealed';
    },
    async run(work) {
      running += 1;
      try {
        return await work();
      } catch (error) {
        state = 'failed';
        throw error;
      } finally {
        running -= 1;
      }
    },
  };
}
