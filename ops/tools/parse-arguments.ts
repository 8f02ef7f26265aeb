import { parseArgs } from 'node:util';
import { WrongOptionError } from './tool-errors.ts';
import type { ToolSelection } from './select-tools.ts';

/** Command line of `pnpm tools:install`. */
export interface ToolsArguments extends ToolSelection {
  list: boolean;
  json: boolean;
  help: boolean;
}

/** Text of `--help`. */
export const USAGE = `usage: pnpm tools:install [--all] [--list] [--json] [name...]

Installs the external programs that tests need; without names, the default set.
  --all    also installs optional tools
  --list   prints the catalogue and installed versions, installs nothing
  --json   writes results as JSON to standard output, progress to standard error
`;

/** Parses the arguments after the script's name. Throws {@link WrongOptionError}, which names the unknown option. */
export function parseArguments(args: string[]): ToolsArguments {
  const flag = { type: 'boolean', default: false } as const;
  const options = { all: flag, list: flag, json: flag, help: { ...flag, short: 'h' } } as const;
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    return { ...values, names: positionals };
  } catch (error) {
    throw new WrongOptionError(error);
  }
}
