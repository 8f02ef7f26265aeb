import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Main script of the tool. */
export const MAIN = join(import.meta.dirname, '../../src/main.ts');

/** Result of a command line. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the tool in a separate process, without a terminal and without the settings of this process. */
export async function runAion(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Promise<CliResult> {
  const { AION_URL: _url, AION_API_KEY: _key, INIT_CWD: _folder, ...inherited } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    // The code is compiled once for all processes, which halves the time that each needs to start.
    env: { ...inherited, NODE_COMPILE_CACHE: join(tmpdir(), 'aion-cli-compile-cache'), ...options.env },
  });
  child.stdin.end(options.input ?? '');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}
