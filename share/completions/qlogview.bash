# bash completion for qlogview(1)

# _qlogview_words WORD...: offers the words that the current one begins.
_qlogview_words() {
  local word

  for word; do
    if [[ $word == "$cur"* ]]; then
      COMPREPLY+=("$word")
    fi
  done
}

# _qlogview_files: offers folders, and qlogs and captures, or all files when
# there are none.
_qlogview_files() {
  local path all=() fit=() folders=()

  while IFS= read -r path; do
    if [ -d "$path" ]; then
      folders+=("$path")
      continue
    fi
    all+=("$path")
    case ${path,,} in
    *.qlog | *.sqlog | *.qlog.* | *.sqlog.* | *.pcap | *.pcapng)
      fit+=("$path")
      ;;
    esac
  done < <(compgen -f -- "$cur")
  if [ ${#fit[@]} -eq 0 ]; then
    fit=("${all[@]}")
  fi
  COMPREPLY+=("${folders[@]}" "${fit[@]}")
  compopt -o filenames 2>/dev/null
}

# _qlogview_listed OPTION: the first word of each line that OPTION=list prints.
_qlogview_listed() {
  local words

  mapfile -t words < <("${COMP_WORDS[0]}" "$1=list" 2>/dev/null |
    awk '/^  [a-z]/ { print $1 }')
  _qlogview_words "${words[@]}"
}

# _qlogview_filter completes the last word of an expression: a symbol behind a
# field and an operator, else a field.
_qlogview_filter() {
  local quote='' before field='' words i

  case $cur in
  [\"\']*)
    quote=${cur:0:1}
    cur=${cur:1}
    ;;
  esac
  before=${cur%"${cur##*[ (,!=<>&|]}"}
  cur=${cur#"$before"}
  if [[ $before =~ ([a-z_]+)\ *[!=]=\ *$ ]] ||
    [[ $before =~ ([a-z_]+)(\ +not)?\ +in\ *\([^\)]*$ ]]; then
    field=${BASH_REMATCH[1]}
  fi
  mapfile -t words < <("${COMP_WORDS[0]}" --help-filter 2>/dev/null |
    awk -v want="$field" '
      /^  [a-z]/ { name = $1; if (want == "") print name; next }
      want != "" && name == want { for (i = 1; i <= NF; i++) print $i }')
  if [ -z "$field" ]; then
    words+=(and or not in contains)
  fi
  _qlogview_words "${words[@]}"
  for i in "${!COMPREPLY[@]}"; do
    COMPREPLY[i]=$quote$before${COMPREPLY[i]}
  done
  compopt -o nospace 2>/dev/null
}

# _qlogview_line puts together what Readline broke at "=".
_qlogview_line() {
  cur=${COMP_WORDS[COMP_CWORD]}
  prev=${COMP_WORDS[COMP_CWORD - 1]}
  if [ "$cur" = = ]; then
    cur=
  elif [ "$prev" = = ]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  elif [[ $cur == --*=* ]]; then
    prev=${cur%%=*}
    cur=${cur#*=}
  fi
}

_qlogview() {
  local cur prev

  COMPREPLY=()
  _qlogview_line
  case $prev in
  -k | --keys)
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    compopt -o filenames 2>/dev/null
    ;;
  -o | --output) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
  --color) _qlogview_words auto always never ;;
  --format) _qlogview_words text json csv sarif junit ;;
  --findings) _qlogview_words text json sarif ;;
  --print | --svg) _qlogview_listed --print ;;
  --csv) _qlogview_listed --csv ;;
  --filter) _qlogview_filter ;;
  explain) _qlogview_words spiral ;;
  -c | --connection | -t | --time | --slice) ;;
  *)
    if [[ $cur == -* ]]; then
      _qlogview_words -k -f -c -t -o -a -q -V --keys= --follow --connection= \
        --time= --filter= --help-filter --summary --close --findings \
        --findings= --requests --events --stats --print= --svg= --csv= \
        --validate --slice= --convert --compat --anonymise --output= \
        --format= --absolute --ascii --color= --quiet --help --usage --version
      [[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace 2>/dev/null
    else
      if [ "$COMP_CWORD" -eq 1 ]; then
        _qlogview_words scan closes compare explain
      fi
      _qlogview_files
    fi
    ;;
  esac
}

complete -F _qlogview qlogview
