import type { ValueKind, CompletionNode } from './list-completions.ts';

/** Creates a completion script for fish. */
export function createFishCompletion(nodes: readonly CompletionNode[]): string {
  const paths = nodes.flatMap(({ at }) => (at === '' ? [] : [quote(at)]));
  const lines = nodes.flatMap(({ at, words, options, takesFiles }) => {
    const start = `complete -c aion -n ${quote(`__aion_at ${quote(at)}`)}`;
    return [
      ...(takesFiles ? [`${start} -F`] : []),
      ...words.map(({ word, description }) => `${start} -a ${word} -d ${quote(description)}`),
      ...options.map(({ word, description, valueKind }) => {
        const name = word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`;
        return `${start} ${name}${toValueFlags(valueKind)} -d ${quote(description)}`;
      }),
    ];
  });
  return `# fish completion for aion: aion completion fish | source
function __aion_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    contains -- "$at $word" ${paths.join(' ')}; and set at "$at $word"
  end
  test "$at" = "$argv[1]"
end
complete -c aion -f
${lines.join('\n')}
`;
}

function toValueFlags(valueKind: ValueKind): string {
  if (valueKind === 'nothing') return '';
  if (valueKind === 'files') return ' -r -F';
  return valueKind === 'text' ? ' -x' : ` -x -a ${quote(valueKind.join(' '))}`;
}

/** Quotes a text; in single quotes fish has two escapes. */
function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
