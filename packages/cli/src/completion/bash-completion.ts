import type { CompletionNode } from './list-completions.ts';
import { toCompletionRules } from './to-completion-rules.ts';

/** Creates a completion script for bash 3.2 or newer. */
export function createBashCompletion(nodes: readonly CompletionNode[]): string {
  const rules = toCompletionRules(nodes);
  return `# bash completion for aion: eval "$(aion completion bash)"
_aion() {
  # Readline splits words at colons, which scopes contain: the line is parsed as the user sees it.
  local line=\${COMP_LINE:0:COMP_POINT} at='' words='' next i
  local cur=\${line##*[[:space:]]}
  local before=\${line%"$cur"}
  before=\${before%"\${before##*[![:space:]]}"}
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="$at \${COMP_WORDS[i]}"
    case "$next" in
      ${rules.paths.join(' | ')}) at=$next ;;
    esac
  done
  case "$at \${before##*[[:space:]]}" in
${rules.afterOptions.map(({ patterns, words }) => `    ${patterns.join(' | ')}) ${toStatement(words)} ;;`).join('\n')}
    *)
      case "$at" in
${rules.atCommands.map(({ pattern, options, words, takesFiles }) => `        ${pattern}) if [[ $cur == -* ]]; then words='${options}'; else ${takesFiles ? 'return' : `words='${words}'`}; fi ;;`).join('\n')}
      esac
      ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
    COMPREPLY=("\${COMPREPLY[@]#"\${cur%"\${cur##*:}"}"}")
  fi
  # Without a match, suppress files as well. Bash before version 4 has no compopt.
  if [[ \${#COMPREPLY[@]} -eq 0 ]] && type compopt > /dev/null 2>&1; then compopt +o default 2> /dev/null; fi
}
complete -o default -F _aion aion
`;
}

/** Creates the statement of a rule. After a return without words, \`-o default\` offers files. */
function toStatement(words: string): string {
  return words === 'files' ? 'return' : `words='${words}'`;
}
