import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Result of a program. */
export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a program until it exits, with `input` on its standard input. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly input?: Uint8Array; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<ProgramResult> {
  const child = spawn(program, args, { cwd: options.cwd, env: { ...process.env, LC_ALL: 'C', ...options.env } });
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  // A program that does not read its input closes the pipe; its exit code is the result.
  child.stdin.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  child.stdin.end(options.input);
  await once(child, 'close');
  return { code: child.exitCode, stdout: Buffer.concat(stdout), stderr };
}
