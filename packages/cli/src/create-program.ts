import { Command } from 'commander';
import { createAuditCommand } from './audit-command.ts';
import { createCompletionCommand } from './completion-command.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { createDownloadExportCommand, createWatchExportCommand } from './exports/export-commands.ts';
import { createDownloadFileCommand, createUploadFileCommand } from './files/file-commands.ts';
import { createKeygenCommand } from './keygen-command.ts';
import { createRotateKeysCommand } from './keys/rotate-keys-command.ts';
import { createModelCommand } from './model-command.ts';
import { createRouteCommand } from './routes/create-route-command.ts';
import { COMMAND_GROUPS, ROUTE_COMMANDS } from './routes/route-commands.ts';
import { createStatusCommand } from './status-command.ts';
import { createVerifyCommand } from './verify-command.ts';

/** Commands of a group that do more than calling one route and printing its answer. */
const CUSTOM_COMMANDS: Readonly<Record<string, readonly (() => Command)[]>> = {
  exports: [createWatchExportCommand, createDownloadExportCommand],
  files: [createUploadFileCommand, createDownloadFileCommand],
  keys: [createRotateKeysCommand],
};

const EXITS = EXIT_CODES.map(([code, meaning]) => `  ${code}  ${meaning}\n`).join('');
const AFTER_HELP = `
Environment:
  AION_URL       address of the API
  AION_API_KEY   key of an operator or of a tenant
  NO_COLOR       disables colours
Without address and key, commands use a demo that runs in this folder (.aion/demo.json).

Exit codes:
${EXITS}
Example:
  $ AION_URL=http://127.0.0.1:8080 AION_API_KEY=aion_sk_... aion exports list`;

/** Creates the complete `aion` tool. One line registers a command. */
export function createProgram(): Command {
  const program = new Command('aion')
    .description('manage an AION platform, and verify its exports and audit trails')
    .addHelpText('after', AFTER_HELP);
  program.commandsGroup('Platform:').addCommand(createStatusCommand());
  for (const spec of ROUTE_COMMANDS) if (spec.words[1] === undefined) program.addCommand(createRouteCommand(spec));
  for (const [name, description] of Object.entries(COMMAND_GROUPS)) program.addCommand(createGroup(name, description));
  program
    .commandsGroup('Local:')
    .addCommand(createVerifyCommand())
    .addCommand(createAuditCommand())
    .addCommand(createKeygenCommand())
    .addCommand(createModelCommand())
    .addCommand(createCompletionCommand(() => program))
    .commandsGroup('Help:');
  overrideExit(program);
  return program;
}

/** Makes a command and its subcommands throw instead of ending the process. */
function overrideExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) overrideExit(child);
}

function createGroup(name: string, description: string): Command {
  const group = new Command(name).description(description);
  for (const spec of ROUTE_COMMANDS) if (spec.words[0] === name) group.addCommand(createRouteCommand(spec));
  for (const create of CUSTOM_COMMANDS[name] ?? []) group.addCommand(create());
  return group;
}
