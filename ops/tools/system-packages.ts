import { join } from 'node:path';
import { findProgram } from './find-program.ts';
import { runCommand } from './run-command.ts';
import { AdministratorNeededError, CommandFailedError } from './tool-errors.ts';

/** Packages of the operating system: Debian's names, and Homebrew's for the message on macOS. */
export interface PackageNames {
  packages: string[];
  formulae: string[];
}

/** Installs packages of the operating system, one call after the other. */
export interface SystemPackages {
  /**
   * Throws {@link AdministratorNeededError} when this process may not install packages, and
   * {@link CommandFailedError} when apt-get fails.
   */
  install(names: PackageNames, onLine: (line: string) => void): Promise<void>;
}

/** Options of {@link createAptPackages}. */
export interface AptPackagesOptions {
  env: NodeJS.ProcessEnv;
  isRoot: boolean;
  /** Debian's file that says whether services may start; only tests give another. */
  policyFile?: string;
  signal?: AbortSignal;
}

const SCRIPT = join(import.meta.dirname, 'apt-install.sh');

/** Packages through apt-get, as root or through `sudo -n`. Package lists are fetched once, on the first failure. */
export function createAptPackages(options: AptPackagesOptions): SystemPackages {
  const { env, policyFile = '/usr/sbin/policy-rc.d' } = options;
  const base = { env, ...(options.signal ? { signal: options.signal } : {}) };
  let updated = false;
  let turn: Promise<unknown> = Promise.resolve();

  async function install(names: PackageNames, onLine: (line: string) => void): Promise<void> {
    const prefix = await rootPrefix(names);
    const run = async (update: boolean): Promise<void> => {
      const script = ['sh', SCRIPT, policyFile, update ? 'update' : 'no-update', ...names.packages];
      const [program = 'sh', ...args] = [...prefix, ...script];
      await runCommand(program, args, { ...base, onLine });
    };
    try {
      await run(false);
    } catch (error) {
      if (updated || !(error instanceof CommandFailedError)) throw error;
      onLine('apt-get update');
      await run(true);
      updated = true;
    }
  }

  async function rootPrefix({ packages, formulae }: PackageNames): Promise<string[]> {
    if (findProgram('apt-get', env) === null) {
      throw new AdministratorNeededError(packages, formulae, 'this machine has no apt-get');
    }
    if (options.isRoot) return [];
    if (findProgram('sudo', env) === null) {
      throw new AdministratorNeededError(packages, formulae, 'it needs root, and there is no sudo');
    }
    try {
      await runCommand('sudo', ['-n', 'true'], base);
      return ['sudo', '-n'];
    } catch (error) {
      if (!(error instanceof CommandFailedError)) throw error;
      throw new AdministratorNeededError(packages, formulae, 'it needs root, and sudo asks for a password');
    }
  }

  return {
    async install(names, onLine) {
      const mine = turn.then(() => install(names, onLine));
      // A failure belongs to its own caller; the next one in the row still gets its turn.
      turn = mine.catch(() => undefined);
      await mine;
    },
  };
}
