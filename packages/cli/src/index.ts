export { EXIT_CODES } from './exit-codes.ts';
export { createProgram } from './create-program.ts';
export { runCli } from './run-cli.ts';
