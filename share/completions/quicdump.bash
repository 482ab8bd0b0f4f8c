# bash completion for quicdump(1)

# _quicdump_words WORD...: offers the words that the current one begins.
_quicdump_words() {
  local word

  for word; do
    if [[ $word == "$cur"* ]]; then
      COMPREPLY+=("$word")
    fi
  done
}

# _quicdump_files EXTENSION...: offers folders, and files with one of the
# extensions, or all files when there are none.
_quicdump_files() {
  local path extension all=() fit=() folders=()

  while IFS= read -r path; do
    if [ -d "$path" ]; then
      folders+=("$path")
      continue
    fi
    all+=("$path")
    for extension; do
      if [[ ${path,,} == *.$extension ]]; then
        fit+=("$path")
      fi
    done
  done < <(compgen -f -- "$cur")
  if [ ${#fit[@]} -eq 0 ]; then
    fit=("${all[@]}")
  fi
  COMPREPLY=("${folders[@]}" "${fit[@]}")
  compopt -o filenames 2>/dev/null
}

_quicdump_interfaces() {
  local path names=()

  for path in /sys/class/net/*; do
    names+=("${path##*/}")
  done
  _quicdump_words "${names[@]}" any
}

# _quicdump_filter OPTION completes the last word of an expression: a symbol
# behind a field and an operator, else a field or an operator in words.  The
# lists are those of OPTION, --help-filter or --help-expect, where fields stand in column 2 and the symbols of each
# in column 13 below it.
_quicdump_filter() {
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
  mapfile -t words < <("${COMP_WORDS[0]}" "$1" 2>/dev/null |
    awk -v want="$field" '
      /^  conn   / { table = 1 }
      table && /^  [a-z]/ { name = $1; if (want == "") print name; next }
      table && want != "" && name == want {
        for (i = 1; i <= NF; i++) print $i
      }')
  if [ -z "$field" ]; then
    words+=(and or not in contains)
  fi
  _quicdump_words "${words[@]}"
  for i in "${!COMPREPLY[@]}"; do
    COMPREPLY[i]=$quote$before${COMPREPLY[i]}
  done
  compopt -o nospace 2>/dev/null
}

# _quicdump_line puts together what Readline broke at "=": "--color=al" comes
# as three words.  Sets cur and prev.
_quicdump_line() {
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

_quicdump() {
  local cur prev

  COMPREPLY=()
  _quicdump_line
  case $prev in
  -r | --read)
    _quicdump_files pcap pcapng cap
    ;;
  -k | --keys)
    _quicdump_files log keys keylog txt
    ;;
  -i | --interface)
    _quicdump_interfaces
    ;;
  -Z | --user)
    mapfile -t COMPREPLY < <(compgen -u -- "$cur")
    ;;
  --color)
    _quicdump_words auto always never
    ;;
  --filter)
    _quicdump_filter --help-filter
    ;;
  --threads)
    _quicdump_words 0 1 2 3 4
    ;;
  --expect)
    _quicdump_filter --help-expect
    ;;
  --qlog | --extract)
    mapfile -t COMPREPLY < <(compgen -d -- "$cur")
    compopt -o filenames 2>/dev/null
    ;;
  --har)
    _quicdump_files har
    ;;
  --inject | --strip-secrets)
    _quicdump_files pcapng
    ;;
  -c | --count | --follow) ;;
  *)
    if [[ $cur == -* ]]; then
      _quicdump_words -r -i -k -Z -v -vv -s -ss -c -t -l -q -V --read= \
        --interface= --keys= --user= --threads= --verbose --summary --http \
        --close --slow --audit --diff --json --follow= --flat --why \
        --expect= --filter= --help-filter --help-expect --count= --absolute --immediate \
        --color= --quiet --qlog= --qlog-compat --har= --har-bodies --extract= \
        --inject= --strip-secrets= --help --usage --version
      [[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace 2>/dev/null
    elif [[ " ${COMP_WORDS[*]} " != *" -i "* ]]; then
      if [[ " ${COMP_WORDS[*]} " == *" --diff "* ]]; then
        _quicdump_files pcap pcapng cap qlog sqlog
      else
        _quicdump_files pcap pcapng cap
      fi
    fi
    ;;
  esac
}

complete -F _quicdump quicdump
