import { AdministratorNeededError, BrokenToolError, CommandFailedError, CompilerNeededError } from './tool-errors.ts';

/** Reason why a tool could not be installed. */
export interface ToolFailure {
  code: string;
  message: string;
  /** Last lines of the failed command's output. */
  tail: string[];
  /** Packages that an administrator must install; null when none are needed. */
  needed: { packages: string[]; formulae: string[] } | null;
}

/** Result of one tool. */
export interface ToolResult {
  name: string;
  state: 'already installed' | 'installed' | 'failed';
  version: string | null;
  path: string | null;
  seconds: number;
  failure: ToolFailure | null;
}

/** Converts any thrown value; includes the last lines of a command, also from the error's cause. */
export function toFailure(error: unknown): ToolFailure {
  if (error instanceof AdministratorNeededError) {
    const { code, message, packages, formulae } = error;
    return { code, message, tail: [], needed: { packages, formulae } };
  }
  if (error instanceof CommandFailedError) {
    return { code: error.code, message: error.message, tail: error.tail, needed: null };
  }
  if (error instanceof BrokenToolError) {
    const tail = error.cause instanceof CommandFailedError ? error.cause.tail : [];
    return { code: error.code, message: error.message, tail, needed: null };
  }
  if (error instanceof CompilerNeededError) {
    return { code: error.code, message: error.message, tail: [], needed: null };
  }
  return {
    code: 'UNEXPECTED',
    message: error instanceof Error ? error.message : String(error),
    tail: [],
    needed: null,
  };
}

/** Returns the command with which an administrator installs every missing package, or null when none is missing. */
export function administratorCommand(results: readonly ToolResult[], platform: NodeJS.Platform): string | null {
  const needed = results.flatMap((result) => result.failure?.needed ?? []);
  const unique = (names: string[]): string => [...new Set(names)].join(' ');
  if (needed.length === 0) return null;
  if (platform === 'darwin') return `brew install ${unique(needed.flatMap((entry) => entry.formulae))}`;
  const packages = unique(needed.flatMap((entry) => entry.packages));
  return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages}`;
}
