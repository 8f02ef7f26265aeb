import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ModelSourceError } from './model-source-error.ts';

const MAX_STDERR_CHARS = 2_000;

/**
 * Runs a program without a shell and waits for its end.
 * @throws ModelSourceError when it cannot be started or fails, with the end of its standard error
 */
export async function runProgram(program: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], signal });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR_CHARS);
  });
  try {
    await once(child, 'close');
  } catch (error) {
    signal.throwIfAborted();
    throw new ModelSourceError(`${program} could not be started`, { cause: error });
  }
  if (child.exitCode === 0) return;
  throw new ModelSourceError(`${program} ended with ${child.exitCode ?? child.signalCode ?? ''}: ${stderr.trim()}`);
}
