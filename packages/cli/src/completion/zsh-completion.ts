import type { CompletionNode, CompletionWord } from './list-completions.ts';
import { toCompletionRules } from './to-completion-rules.ts';

/** Creates a completion script for zsh, to be evaluated or installed as `_aion` in a folder of `$fpath`. */
export function createZshCompletion(nodes: readonly CompletionNode[]): string {
  const rules = toCompletionRules(nodes);
  const cases = nodes.map(({ at, words, options, takesFiles }) => {
    const otherwise = takesFiles ? '_files' : `offer=(${words.map(toSpec).join(' ')})`;
    return `        '${at}') if [[ $PREFIX == -* ]]; then offer=(${options.map(toSpec).join(' ')}); else ${otherwise}; fi ;;`;
  });
  return `#compdef aion
# zsh completion for aion: eval "$(aion completion zsh)" after compinit
_aion() {
  local at='' word
  local -a offer
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
      ${rules.paths.join(' | ')}) at="$at $word" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${rules.afterOptions.map(({ patterns, words }) => `    ${patterns.join(' | ')}) ${toStatement(words)} ;;`).join('\n')}
    *)
      case "$at" in
${cases.join('\n')}
      esac
      (( \${#offer} )) && _describe aion offer
      ;;
  esac
}
if [[ $funcstack[1] == _aion ]]; then _aion "$@"; else compdef _aion aion; fi
`;
}

function toStatement(words: string): string {
  if (words === 'files') return '_files';
  return words === '' ? 'return' : `compadd -- ${words}`;
}

/** Formats \`word:description\` in quotes. */
function toSpec({ word, description }: CompletionWord): string {
  return `'${word.replaceAll(':', '\\:')}:${description.replaceAll("'", "'\\''")}'`;
}
