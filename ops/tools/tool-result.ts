import { AdministratorNeededError, BrokenToolError, CommandFailedError, CompilerNeededError } from './tool-errors.ts';

/** Why a tool could not be installed. */
export interface ToolFailure {
  code: string;
  message: string;
  /** The last lines of the failed command. */
  tail: string[];
  /** Set when a person with more rights must install packages. */
  needed: { packages: string[]; formulae: string[] } | null;
}

/** What became of one tool. */
export interface ToolResult {
  name: string;
  state: 'already installed' | 'installed' | 'failed';
  version: string | null;
  path: string | null;
  seconds: number;
  failure: ToolFailure | null;
}

/** Describes any thrown value; the last lines of a command come along, also from the error's cause. */
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

/** The one command that brings every package which `results` lack the rights for, or null when there is none. */
export function commandForPerson(results: readonly ToolResult[], platform: NodeJS.Platform): string | null {
  const needed = results.flatMap((result) => result.failure?.needed ?? []);
  const unique = (names: string[]): string => [...new Set(names)].join(' ');
  if (needed.length === 0) return null;
  if (platform === 'darwin') return `brew install ${unique(needed.flatMap((entry) => entry.formulae))}`;
  const packages = unique(needed.flatMap((entry) => entry.packages));
  return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages}`;
}
