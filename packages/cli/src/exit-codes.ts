/** The work was done and its answer is no, or it could not be done. */
export const EXIT_FAILED = 1;
/** The command line does not make sense. */
export const EXIT_USAGE = 2;
