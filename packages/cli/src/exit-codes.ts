/** The work was done and its answer is no, or it could not be done. */
export const EXIT_FAILED = 1;
/** The command line does not make sense. */
export const EXIT_USAGE = 2;
/** The platform does not answer; the same command may work later. */
export const EXIT_UNREACHABLE = 3;

/** What `aion` ends with, for its help and its reference. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'done; a check has passed'],
  [EXIT_FAILED, 'the platform refused, a check has failed, or it could not be done'],
  [EXIT_USAGE, 'the command line is wrong; nothing was done'],
  [EXIT_UNREACHABLE, 'the platform does not answer; the same command may work later'],
];
