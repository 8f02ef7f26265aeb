/** The platform rejected the request, a check failed, or the work could not be done. */
export const EXIT_FAILED = 1;
/** The command line is invalid. */
export const EXIT_USAGE = 2;
/** The platform does not answer; the same command may work later. */
export const EXIT_UNREACHABLE = 3;

/** Exit codes of `aion`, for its help and its reference. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'success; all checks passed'],
  [EXIT_FAILED, 'the platform rejected the request, a check failed, or the work could not be done'],
  [EXIT_USAGE, 'the command line is invalid; nothing was done'],
  [EXIT_UNREACHABLE, 'the platform does not answer; the same command may succeed later'],
];
