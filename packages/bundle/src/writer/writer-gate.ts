import { BundleWriteError } from './bundle-write-error.ts';

/** Guards the order of the steps of a writer: none after a failure or `finalize`, and no `finalize` during another step. */
export interface WriterGate {
  /** @throws {BundleWriteError} WRITER_STATE */
  enter(step: 'continue' | 'finalize'): void;
  run<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** Creates an open gate with no running step. */
export function createWriterGate(): WriterGate {
  let state: 'open' | 'failed' | 'finalized' = 'open';
  let running = 0;
  function failState(reason: string): never {
    throw new BundleWriteError('WRITER_STATE', `The bundle cannot be continued: ${reason}.`);
  }
  return {
    enter(step) {
      if (state === 'failed') failState('an earlier step failed, so it would be incomplete');
      if (state === 'finalized') failState('it is finalized');
      if (step === 'continue') return;
      if (running > 0) failState('a table is still being written');
      state = 'finalized';
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
