/** Something that a person at the terminal must mend: the message alone is shown, without a stack. */
export class LauncherError extends Error {
  override readonly name = 'LauncherError';
  /** What the process exits with: 1 for a platform that cannot run, 2 for wrong input. */
  readonly exitCode: number;

  constructor(message: string, options: ErrorOptions & { readonly exitCode?: number } = {}) {
    super(message, options);
    this.exitCode = options.exitCode ?? 1;
  }
}
