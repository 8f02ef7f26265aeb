import { join } from 'node:path';
import { findProgram } from './find-program.ts';
import { runCommand } from './run-command.ts';
import { AdministratorNeededError, CommandFailedError } from './tool-errors.ts';

/** Names of operating system packages: Debian's, and Homebrew's for the message on macOS. */
export interface PackageNames {
  packages: string[];
  formulae: string[];
}

/** Installer of operating system packages; concurrent calls run one after the other. */
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
  /** Path of Debian's policy that decides whether services may start; default `/usr/sbin/policy-rc.d`. */
  policyFile?: string;
  signal?: AbortSignal;
}

const SCRIPT = join(import.meta.dirname, 'apt-install.sh');

/** Installs packages with apt-get, as root or through `sudo -n`. Package lists are updated once, on the first failure. */
export function createAptPackages(options: AptPackagesOptions): SystemPackages {
  const { env, policyFile = '/usr/sbin/policy-rc.d' } = options;
  const base = { env, ...(options.signal ? { signal: options.signal } : {}) };
  let updated = false;
  let last: Promise<unknown> = Promise.resolve();

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
      throw new AdministratorNeededError(packages, formulae, 'it needs root, and sudo is not installed');
    }
    try {
      await runCommand('sudo', ['-n', 'true'], base);
      return ['sudo', '-n'];
    } catch (error) {
      if (!(error instanceof CommandFailedError)) throw error;
      throw new AdministratorNeededError(packages, formulae, 'it needs root, and sudo requires a password');
    }
  }

  return {
    async install(names, onLine) {
      const current = last.then(() => install(names, onLine));
      // A failure is reported to its own caller and does not stop the next call.
      last = current.catch(() => undefined);
      await current;
    },
  };
}
