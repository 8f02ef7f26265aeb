import { Command } from 'commander';
import { createAuditCommand } from './audit-command.ts';
import { createKeygenCommand } from './keygen-command.ts';
import { createModelCommand } from './model-command.ts';
import { createVerifyCommand } from './verify-command.ts';

/** Makes a command and all below it throw instead of ending the process. */
function overrideExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) overrideExit(child);
}

/** The whole `aion` tool. One line registers a command. */
export function createProgram(): Command {
  const program = new Command('aion')
    .description('verify export bundles and audit trails, make keys, bring models')
    .addCommand(createVerifyCommand())
    .addCommand(createAuditCommand())
    .addCommand(createKeygenCommand())
    .addCommand(createModelCommand());
  overrideExit(program);
  return program;
}
