import type { CompletionNode } from './completion-tree.ts';

/** What a shell's `case` needs to know. Patterns are quoted; words are joined by spaces. */
export interface CompletionAnswers {
  /** All commands. */
  readonly paths: readonly string[];
  /** By a command and the option before the cursor. `files` stands for whatever is in the folder. */
  readonly afterOptions: readonly { readonly patterns: readonly string[]; readonly words: string }[];
  readonly atCommands: readonly {
    readonly pattern: string;
    readonly options: string;
    readonly words: string;
    readonly takesFiles: boolean;
  }[];
}

/** Arranges completions by where the cursor is. Options that are alike are told once. */
export function listAnswers(nodes: readonly CompletionNode[]): CompletionAnswers {
  const after = nodes.flatMap(({ at, options }) =>
    options.flatMap(({ word, completes }) => {
      if (completes === 'nothing') return [];
      const words = completes === 'files' ? 'files' : completes === 'text' ? '' : completes.join(' ');
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
