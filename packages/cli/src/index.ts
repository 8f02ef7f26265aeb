export { createProgram } from './create-program.ts';
export { runCli } from './run-cli.ts';
