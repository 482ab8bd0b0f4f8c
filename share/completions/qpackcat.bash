# bash completion for qpackcat(1)

# _qpackcat_words WORD...: offers the words that the current one begins.
_qpackcat_words() {
  local word

  for word; do
    if [[ $word == "$cur"* ]]; then
      COMPREPLY+=("$word")
    fi
  done
}

# _qpackcat_files PATTERN: offers folders, and files whose name fits the
# pattern, or all files when none does.
_qpackcat_files() {
  local path all=() fit=() folders=()

  while IFS= read -r path; do
    if [ -d "$path" ]; then
      folders+=("$path")
      continue
    fi
    all+=("$path")
    # shellcheck disable=SC2053 # a pattern
    if [[ $path == $1 ]]; then
      fit+=("$path")
    fi
  done < <(compgen -f -- "$cur")
  if [ ${#fit[@]} -eq 0 ]; then
    fit=("${all[@]}")
  fi
  COMPREPLY=("${folders[@]}" "${fit[@]}")
  compopt -o filenames 2>/dev/null
}

_qpackcat() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  local word command=

  COMPREPLY=()
  # Readline breaks words at "=".
  if [ "$cur" = = ]; then
    cur=
  elif [ "$prev" = = ]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  elif [[ $cur == --*=* ]]; then
    prev=${cur%%=*}
    cur=${cur#*=}
  fi
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
    decode | encode | dump) command=$word ;;
    esac
  done
  case $prev in
  -o | --output)
    _qpackcat_files '*'
    ;;
  -a | --ack)
    _qpackcat_words 0 1
    ;;
  -c | --capacity)
    _qpackcat_words 0 256 512 4096
    ;;
  -b | --blocked)
    _qpackcat_words 0 100
    ;;
  *)
    if [[ $cur == -* ]]; then
      _qpackcat_words -c -b -a -o -V --capacity= --blocked= --ack= --output= \
        --plain --stats --strict --help --usage --version
      [[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace 2>/dev/null
    elif [ -z "$command" ]; then
      _qpackcat_words decode encode dump
    elif [ "$command" = encode ]; then
      _qpackcat_files '*.qif'
    else
      _qpackcat_files '*.out*'
    fi
    ;;
  esac
}

complete -F _qpackcat qpackcat
