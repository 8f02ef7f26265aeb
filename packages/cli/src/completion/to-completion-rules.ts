import type { CompletionNode } from './list-completions.ts';

/** Rules for the `case` statement of a shell. Patterns are quoted; words are joined by spaces. */
export interface CompletionRules {
  /** All commands. */
  readonly paths: readonly string[];
  /** Words by the command and the option before the cursor; `files` means the files of the folder. */
  readonly afterOptions: readonly { readonly patterns: readonly string[]; readonly words: string }[];
  readonly atCommands: readonly {
    readonly pattern: string;
    readonly options: string;
    readonly words: string;
    readonly takesFiles: boolean;
  }[];
}

/** Groups completions by the position of the cursor. Options with the same words share a rule. */
export function toCompletionRules(nodes: readonly CompletionNode[]): CompletionRules {
  const after = nodes.flatMap(({ at, options }) =>
    options.flatMap(({ word, valueKind }) => {
      if (valueKind === 'nothing') return [];
      const words = valueKind === 'files' ? 'files' : valueKind === 'text' ? '' : valueKind.join(' ');
      return [{ pattern: `'${at} ${word}'`, words }];
    }),
  );
  const grouped = Map.groupBy(after, ({ words }) => words);
  return {
    paths: nodes.flatMap(({ at }) => (at === '' ? [] : [`'${at}'`])),
    afterOptions: [...grouped].map(([words, group]) => ({ words, patterns: group.map(({ pattern }) => pattern) })),
    atCommands: nodes.map(({ at, options, words, takesFiles }) => ({
      pattern: `'${at}'`,
      options: options.map(({ word }) => word).join(' '),
      words: words.map(({ word }) => word).join(' '),
      takesFiles,
    })),
  };
}
