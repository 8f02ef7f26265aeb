# Prints the words that zsh offers at the end of a line: zsh -f offers.zsh COMPLETION LINE FILE
# Completion needs a terminal, so the line is typed into a shell on a pseudo-terminal, which writes the words to FILE.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1= ; autoload -Uz compinit; compinit -u -D; source ${(q)1}
_offers() {
  compadd() {
    if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd \"\$@\"; return; fi
    local -a hits; builtin compadd -A hits \"\$@\"; print -rl -- \$hits >> ${(q)3}
  }
  _main_complete
  unfunction compadd
  : > ${(q)3}.done
}
zle -C offers complete-word _offers; bindkey '^I' offers; stty -echo; print -r READ''Y"
local line
while zpty -r shell line; do [[ $line == *READY* ]] && break; done
zpty -n -w shell "$2"$'\t'
repeat 1000; do [[ -e $3.done ]] && break; sleep 0.02; done
zpty -d shell
[[ -e $3.done ]] || exit 1
[[ ! -e $3 ]] || print -r -- "$(< $3)"
