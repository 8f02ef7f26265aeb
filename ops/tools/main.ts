import { constants } from 'node:os';
import { runToolsCommand } from './tools-command.ts';

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    process.exitCode = 128 + constants.signals[signal];
    stopping.abort(new Error(`stopped by ${signal}`));
  });
}

try {
  process.exitCode = await runToolsCommand({
    args: process.argv.slice(2),
    env: process.env,
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stopping.signal,
  });
} catch (error) {
  process.exitCode ??= 1;
  process.stderr.write(`tools:install: ${error instanceof Error ? error.message : String(error)}\n`);
}
