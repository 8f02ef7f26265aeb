import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** The tool's script. */
export const MAIN = join(import.meta.dirname, '../../src/main.ts');

/** How a command line ended. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the tool in a process of its own, without a terminal and with nothing of this one's settings for it. */
export async function runAion(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Promise<CliResult> {
  const { AION_URL: _url, AION_API_KEY: _key, INIT_CWD: _folder, ...inherited } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    // Compiled once for all processes of all runs: each starts in half the time.
    env: { ...inherited, NODE_COMPILE_CACHE: join(tmpdir(), 'aion-cli-compile-cache'), ...options.env },
  });
  child.stdin.end(options.input ?? '');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}
