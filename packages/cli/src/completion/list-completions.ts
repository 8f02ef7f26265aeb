import type { Command, Option } from 'commander';

/** Kind of value that may follow an option. */
export type ValueKind = 'nothing' | 'text' | 'files' | readonly string[];

/** Word that completion offers, with its description. */
export interface CompletionWord {
  readonly word: string;
  readonly description: string;
}

/** Completions of one command. */
export interface CompletionNode {
  /** Path of the command, each word after a space: ` api-keys create`. */
  readonly at: string;
  /** Subcommands, or the choices of an argument. */
  readonly words: readonly CompletionWord[];
  readonly options: readonly (CompletionWord & { readonly valueKind: ValueKind })[];
  readonly takesFiles: boolean;
}

/** Placeholders of values that are files. */
const FILE_VALUE = /[<[](file|dir|path|url-or-file|directory-or-tar)[>\]]/;

/** Lists the completions of a command and of all its subcommands, in this order. */
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
  // `help` belongs to commander and takes the names of its siblings.
  const below = children.filter((child) => child.name() !== 'help');
  return [node, ...below.flatMap((child) => listCompletions(child, `${at} ${child.name()}`))];
}

function toWords(option: Option): (CompletionWord & { readonly valueKind: ValueKind })[] {
  const valueKind = toValueKind(option);
  return [option.long, option.short].flatMap((word) =>
    word === undefined ? [] : [{ word, description: option.description, valueKind }],
  );
}

function toValueKind({ flags, required, optional, argChoices }: Option): ValueKind {
  if (!required && !optional) return 'nothing';
  return argChoices ?? (FILE_VALUE.test(flags) ? 'files' : 'text');
}
