import type { Command, Option } from 'commander';

/** What may follow an option or stand where an argument is wanted. */
export type Completes = 'nothing' | 'text' | 'files' | readonly string[];

/** A word that may be typed, with what it means. */
export interface CompletionWord {
  readonly word: string;
  readonly description: string;
}

/** One command, as completion sees it. */
export interface CompletionNode {
  /** The words that lead to it, each after a space: ` api-keys create`. */
  readonly at: string;
  /** Commands, or the choices of an argument. */
  readonly words: readonly CompletionWord[];
  readonly options: readonly (CompletionWord & { readonly completes: Completes })[];
  readonly takesFiles: boolean;
}

/** Names of values that are files. */
const FILE_VALUE = /[<[](file|dir|path|url-or-file|directory-or-tar)[>\]]/;

/** All commands below one, itself first. */
export function listCompletions(command: Command, at = ''): CompletionNode[] {
  const help = command.createHelp();
  const children = help.visibleCommands(command);
  const node: CompletionNode = {
    at,
    words: [
      ...children.map((child) => ({ word: child.name(), description: child.summary() || child.description() })),
      ...command.registeredArguments.flatMap(({ argChoices = [] }) =>
        argChoices.map((word) => ({ word, description: word })),
      ),
    ],
    options: help.visibleOptions(command).flatMap(toWords),
    takesFiles: command.registeredArguments.some((argument) => FILE_VALUE.test(`<${argument.name()}>`)),
  };
  // `help` is a command of commander itself, which takes the names of its siblings.
  const below = children.filter((child) => child.name() !== 'help');
  return [node, ...below.flatMap((child) => listCompletions(child, `${at} ${child.name()}`))];
}

function toWords(option: Option): (CompletionWord & { readonly completes: Completes })[] {
  const completes = completesAfter(option);
  return [option.long, option.short].flatMap((word) =>
    word === undefined ? [] : [{ word, description: option.description, completes }],
  );
}

function completesAfter({ flags, required, optional, argChoices }: Option): Completes {
  if (!required && !optional) return 'nothing';
  return argChoices ?? (FILE_VALUE.test(flags) ? 'files' : 'text');
}
