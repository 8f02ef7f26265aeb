import type { CompletionNode } from './completion-tree.ts';
import { listAnswers } from './list-answers.ts';

/** A completion script for bash 3.2 or newer. It asks nothing of the tool: a key press starts no process. */
export function createBashCompletion(nodes: readonly CompletionNode[]): string {
  const answers = listAnswers(nodes);
  return `# bash completion for aion: eval "$(aion completion bash)"
_aion() {
  # Readline breaks words at colons, which scopes have: the line is read as the person sees it.
  local line=\${COMP_LINE:0:COMP_POINT} at='' words='' next i
  local cur=\${line##*[[:space:]]}
  local before=\${line%"$cur"}
  before=\${before%"\${before##*[![:space:]]}"}
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="$at \${COMP_WORDS[i]}"
    case "$next" in
      ${answers.paths.join(' | ')}) at=$next ;;
    esac
  done
  case "$at \${before##*[[:space:]]}" in
${answers.afterOptions.map(({ patterns, words }) => `    ${patterns.join(' | ')}) ${after(words)} ;;`).join('\n')}
    *)
      case "$at" in
${answers.atCommands.map(({ pattern, options, words, takesFiles }) => `        ${pattern}) if [[ $cur == -* ]]; then words='${options}'; else ${takesFiles ? 'return' : `words='${words}'`}; fi ;;`).join('\n')}
      esac
      ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
    COMPREPLY=("\${COMPREPLY[@]#"\${cur%"\${cur##*:}"}"}")
  fi
  # Where nothing fits, files do not either. Bash before 4 cannot be told.
  if [[ \${#COMPREPLY[@]} -eq 0 ]] && type compopt > /dev/null 2>&1; then compopt +o default 2> /dev/null; fi
}
complete -o default -F _aion aion
`;
}

/** With nothing to offer, \`-o default\` offers files. */
function after(words: string): string {
  return words === 'files' ? 'return' : `words='${words}'`;
}
