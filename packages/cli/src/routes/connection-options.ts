import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import type { ApiOptions, Audience } from '../api/api-settings.ts';

/** Options of every command that calls the platform. */
export interface ConnectionOptions extends ApiOptions {
  readonly json?: boolean;
}

/** Heading of these options in help. */
export const CONNECTION_HEADING = 'Connection and output:';

/** Adds the options for the address of the API, the identity of the caller and the output format. */
export function addConnectionOptions(command: Command, audience: Audience): Command {
  const options = [
    new Option('--json', "print the API's JSON"),
    new Option('--url <url>', 'address of the API (default $AION_URL, or a demo that runs in this folder)'),
    ...keyOptions(audience),
    ...(audience === 'tenant' || audience === 'key'
      ? [new Option('--tenant <id>', "tenant to act for, with an operator's key")]
      : []),
    new Option('--timeout <seconds>', 'timeout of each request (default 30)').argParser(parseSeconds),
  ];
  for (const option of options) command.addOption(option.helpGroup(CONNECTION_HEADING));
  return command;
}

function keyOptions(audience: Audience): Option[] {
  if (audience === 'none' || audience === 'signed-url') return [];
  if (audience === 'init')
    return [new Option('--secret-file <file>', 'file with the one-time secret (default $AION_INIT_SECRET)')];
  return [new Option('--key-file <file>', 'file with the API key (default $AION_API_KEY, or the key of that demo)')];
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 3_600) return seconds;
  throw new InvalidArgumentError('Pass a number of seconds, at most 3600.');
}
