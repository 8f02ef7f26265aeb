import { join } from 'node:path';
import { runCommand } from './run-command.ts';
import { CommandFailedError } from './tool-errors.ts';
import type { InstallContext } from './install-context.ts';

const PYTHON_CHECK_TIMEOUT_MS = 20_000;

/** Makes a Python virtual environment with pip in `directory` and gives the path of its interpreter. */
export async function createVenv(directory: string, context: InstallContext): Promise<string> {
  // Debian ships python3 without ensurepip, and `python3 -m venv` then fails half way.
  if (!(await pythonAnswers(['-c', 'import ensurepip, venv'], context))) {
    context.onLine('installing python3 with venv');
    await context.system.install({ packages: ['python3', 'python3-venv'], formulae: ['python'] }, context.onLine);
  }
  context.onLine('making a virtual environment');
  await runCommand('python3', ['-m', 'venv', directory], context);
  return join(directory, 'bin', 'python3');
}

/** An interpreter that has pip: the system's, or that of a virtual environment made in `directory`. */
export async function interpreterWithPip(directory: string, context: InstallContext): Promise<string> {
  return (await pythonAnswers(['-m', 'pip', '--version'], context)) ? 'python3' : createVenv(directory, context);
}

async function pythonAnswers(args: string[], context: InstallContext): Promise<boolean> {
  try {
    await runCommand('python3', args, { env: context.env, timeoutMs: PYTHON_CHECK_TIMEOUT_MS });
    return true;
  } catch (error) {
    if (error instanceof CommandFailedError) return false;
    throw error;
  }
}
