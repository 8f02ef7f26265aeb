import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import type { ApiOptions, Audience } from '../api/api-settings.ts';

/** What every command that asks the platform understands. */
export interface ConnectionOptions extends ApiOptions {
  readonly json?: boolean;
}

/** The heading under which help lists them. */
export const CONNECTION_HEADING = 'Connection and output:';

/** Adds the options that say where the API is and how the answer is printed. */
export function addConnectionOptions(command: Command, audience: Audience): Command {
  const options = [
    new Option('--json', "print the API's JSON"),
    new Option('--url <url>', 'the address of the API (else $AION_URL, else a demo that runs in this folder)'),
    ...keyOptions(audience),
    ...(audience === 'tenant' || audience === 'key'
      ? [new Option('--tenant <id>', "the tenant to act for, with an operator's key")]
      : []),
    new Option('--timeout <seconds>', 'how long an answer may take (default 30)').argParser(parseSeconds),
  ];
  for (const option of options) command.addOption(option.helpGroup(CONNECTION_HEADING));
  return command;
}

function keyOptions(audience: Audience): Option[] {
  if (audience === 'none' || audience === 'signed-url') return [];
  if (audience === 'init')
    return [new Option('--secret-file <file>', 'holds the one-time secret (else $AION_INIT_SECRET)')];
  return [new Option('--key-file <file>', 'holds the API key (else $AION_API_KEY, else the key of that demo)')];
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 3_600) return seconds;
  throw new InvalidArgumentError('Give seconds, 3600 at most.');
}
