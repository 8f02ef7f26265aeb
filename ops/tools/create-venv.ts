import { join } from 'node:path';
import { runCommand } from './run-command.ts';
import { CommandFailedError } from './tool-errors.ts';
import type { InstallContext } from './install-context.ts';

const PYTHON_CHECK_TIMEOUT_MS = 20_000;

/** Creates a Python virtual environment with pip in `directory`; returns the path of its interpreter. */
export async function createVenv(directory: string, context: InstallContext): Promise<string> {
  // Debian ships python3 without ensurepip; `python3 -m venv` then fails and leaves an incomplete environment.
  if (!(await pythonSucceeds(['-c', 'import ensurepip, venv'], context))) {
    context.onLine('installing python3 with venv');
    await context.system.install({ packages: ['python3', 'python3-venv'], formulae: ['python'] }, context.onLine);
  }
  context.onLine('creating a virtual environment');
  await runCommand('python3', ['-m', 'venv', directory], context);
  return join(directory, 'bin', 'python3');
}

/** Returns an interpreter with pip: the system's, or that of a virtual environment created in `directory`. */
export async function interpreterWithPip(directory: string, context: InstallContext): Promise<string> {
  return (await pythonSucceeds(['-m', 'pip', '--version'], context)) ? 'python3' : createVenv(directory, context);
}

async function pythonSucceeds(args: string[], context: InstallContext): Promise<boolean> {
  try {
    await runCommand('python3', args, { env: context.env, timeoutMs: PYTHON_CHECK_TIMEOUT_MS });
    return true;
  } catch (error) {
    if (error instanceof CommandFailedError) return false;
    throw error;
  }
}
