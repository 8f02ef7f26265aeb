/** Error that the user can fix: only its message is printed, without a stack trace. */
export class LauncherError extends Error {
  override readonly name = 'LauncherError';
  /** Exit code of the process: 1 for a platform that cannot run, 2 for wrong input. */
  readonly exitCode: number;

  constructor(message: string, options: ErrorOptions & { readonly exitCode?: number } = {}) {
    super(message, options);
    this.exitCode = options.exitCode ?? 1;
  }
}
