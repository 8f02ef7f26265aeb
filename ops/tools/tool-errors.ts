/** Thrown when the command line has an unknown or malformed option. */
export class WrongOptionError extends Error {
  readonly code = 'WRONG_OPTION';

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'WrongOptionError';
  }
}

/** Thrown when a name is not in the catalogue. */
export class UnknownToolError extends Error {
  readonly code = 'UNKNOWN_TOOL';

  constructor(unknown: readonly string[], known: readonly string[]) {
    const names = unknown.map((name) => `'${name}'`).join(', ');
    super(`unknown tool${unknown.length > 1 ? 's' : ''} ${names}; known tools: ${known.join(', ')}`);
    this.name = 'UnknownToolError';
  }
}

/** Thrown when a command exited with a code other than 0, was ended by a signal or its timeout, or could not be started. */
export class CommandFailedError extends Error {
  readonly code = 'COMMAND_FAILED';
  /** Last lines of the command's output. */
  readonly tail: string[];

  constructor(command: string, reason: string, tail: string[], options?: ErrorOptions) {
    super(`'${command}' ${reason}`, options);
    this.name = 'CommandFailedError';
    this.tail = tail;
  }
}

/** Thrown when system packages are missing and this process may not install them. */
export class AdministratorNeededError extends Error {
  readonly code = 'ADMINISTRATOR_NEEDED';
  readonly packages: string[];
  readonly formulae: string[];

  constructor(packages: string[], formulae: string[], reason: string) {
    super(`cannot install ${packages.join(', ')}: ${reason}`);
    this.name = 'AdministratorNeededError';
    this.packages = packages;
    this.formulae = formulae;
  }
}

/** Thrown when an installed tool does not match its entry in the catalogue. */
export class BrokenToolError extends Error {
  readonly code = 'BROKEN_TOOL';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BrokenToolError';
  }
}

/** Thrown when the compiler that builds a tool is missing. */
export class CompilerNeededError extends Error {
  readonly code = 'COMPILER_NEEDED';

  constructor(tool: string, minimum: string) {
    super(`cannot build ${tool}: 'go' is not in PATH; install Go >= ${minimum} (https://go.dev/dl)`);
    this.name = 'CompilerNeededError';
  }
}
