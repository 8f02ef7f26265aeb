import { runCli } from './run-cli.ts';

// Set only on failure: an action may have set its own exit code.
const exitCode = await runCli(process.argv.slice(2));
if (exitCode !== 0) process.exitCode = exitCode;
