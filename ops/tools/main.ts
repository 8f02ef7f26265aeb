import { abortOnSignals } from './abort-on-signals.ts';
import { runToolsCommand } from './tools-command.ts';

const signal = abortOnSignals();
try {
  process.exitCode = await runToolsCommand({
    args: process.argv.slice(2),
    env: process.env,
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    stdout: process.stdout,
    stderr: process.stderr,
    signal,
  });
} catch (error) {
  process.exitCode ??= 1;
  process.stderr.write(`tools:install: ${error instanceof Error ? error.message : String(error)}\n`);
}
