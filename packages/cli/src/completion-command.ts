import { Argument, Command } from 'commander';
import { createBashCompletion } from './completion/bash-completion.ts';
import { listCompletions, type CompletionNode } from './completion/list-completions.ts';
import { createFishCompletion } from './completion/fish-completion.ts';
import { createZshCompletion } from './completion/zsh-completion.ts';

const SHELLS: Readonly<Record<string, (nodes: readonly CompletionNode[]) => string>> = {
  bash: createBashCompletion,
  zsh: createZshCompletion,
  fish: createFishCompletion,
};

/**
 * Creates `aion completion`, which prints a script that completes every command, option and choice of the program. The
 * script contains all words, so that completion starts no process and evaluates no typed text.
 */
export function createCompletionCommand(program: () => Command): Command {
  return new Command('completion')
    .summary('print a script that completes aion in your shell')
    .description('Prints a script that completes commands, options and choices. Evaluate it when the shell starts.')
    .addArgument(new Argument('<shell>').choices(Object.keys(SHELLS)))
    .addHelpText(
      'after',
      '\nExamples:\n  $ eval "$(aion completion bash)"      in ~/.bashrc\n' +
        '  $ eval "$(aion completion zsh)"       in ~/.zshrc, after compinit\n' +
        '  $ aion completion fish | source       in ~/.config/fish/config.fish',
    )
    .action((shell: string) => void process.stdout.write(SHELLS[shell]?.(listCompletions(program())) ?? ''));
}
