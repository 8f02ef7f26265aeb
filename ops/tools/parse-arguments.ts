import { parseArgs } from 'node:util';
import { WrongOptionError } from './tool-errors.ts';
import type { ToolSelection } from './select-tools.ts';

/** The command line of `pnpm tools:install`. */
export interface ToolsArguments extends ToolSelection {
  list: boolean;
  json: boolean;
  help: boolean;
}

/** What `--help` prints. */
export const USAGE = `usage: pnpm tools:install [--all] [--list] [--json] [name...]

Installs the external programs that tests need; without names, the default set.
  --all    optional tools too
  --list   show the catalogue and what is installed, install nothing
  --json   results as JSON on standard output, progress on standard error
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
