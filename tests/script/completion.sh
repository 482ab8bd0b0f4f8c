#!/bin/bash
# The bash completion offers what fits, and only that.

set -u
cd "$(dirname "$0")/../.." || exit 1

BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
here=$PWD
dir=$(mktemp -d "${TMPDIR:-/tmp}/h3kit-completion.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT

# shellcheck source=/dev/null
. share/completions/quicdump.bash
cd "$dir" || exit 1
mkdir sub
touch a.pcap b.pcapng C.CAP 'with space.pcap' keys.log my.keys note.md

number=0
failed=0

# offered WORD...: what is offered for the last word of "quicdump WORD...", in
# one line.
offered() {
  COMP_WORDS=("$BUILD/quicdump" "$@")
  COMP_CWORD=$#
  COMPREPLY=()
  _quicdump 2>&1
  printf '%s\n' "${COMPREPLY[@]}" | sort | paste -s -d '|'
}

# gives WANTED WORD...: the words lead to WANTED, sorted, with | between.
gives() {
  local want=$1 got

  shift
  number=$((number + 1))
  got=$(offered "$@")
  if [ "$got" = "$want" ]; then
    echo "ok $number - quicdump $*"
    return
  fi
  failed=1
  echo "not ok $number - quicdump $*"
  printf '# want %s\n# got  %s\n' "$want" "$got"
}

# every_option: each option of --help is offered.
every_option() {
  local option missing=''

  number=$((number + 1))
  for option in $("$BUILD/quicdump" --help | grep -oE -- '--[a-z-]+' | sort -u)
  do
    case "|$(offered "$option")|" in
    *"|$option|"* | *"|$option=|"*) ;;
    *) missing+=" $option" ;;
    esac
  done
  if [ -z "$missing" ]; then
    echo "ok $number - every option of --help"
    return
  fi
  failed=1
  echo "not ok $number - every option of --help"
  echo "# not offered:$missing"
}

export LC_ALL=C
echo 1..29
gives 'C.CAP|a.pcap|b.pcapng|sub|with space.pcap' -r ''
gives 'a.pcap' -r a
gives 'note.md' -r n
gives 'C.CAP|a.pcap|b.pcapng|sub|with space.pcap' ''
gives 'a.pcap' --read = a
gives 'keys.log|my.keys|sub' -k ''
gives 'keys.log' --keys=k
gives '' -i lo udp ''
if [ -d /sys/class/net/lo ]; then
  gives 'lo' -i lo
else
  number=$((number + 1))
  echo "ok $number - interfaces # SKIP there is no /sys/class/net"
fi
gives 'root' -Z roo
gives 'always|auto' --color = a
gives 'always|auto|never' --color =
gives 'never' --color=n
gives '--flat' --fl
gives '--filter=' --filt
gives '' -c ''
gives 'sub' --qlog s
gives '--har-bodies|--har=' --ha
gives 'handshake|handshake_time' --expect hands
gives 'class == idle_timeout' --expect 'class == idl'
gives 'generation' --filter ge
gives 'frame == connection_close' --filter 'frame == conne'
gives '"frame == connection_close' --filter '"frame == conne'
gives "'type in (initial, handshake" --filter "'type in (initial, hand"
gives 'type not in (retry, handshake' --filter 'type not in (retry, hand'
gives 'conn == 0 && stream' --filter 'conn == 0 && str'
gives 'conn == 0 and dir!=server' --filter 'conn == 0 and dir!=s'
gives 'frame==reset_stream|frame==reset_stream_at' --filter = 'frame==reset'
every_option
cd "$here" || exit 1
exit "$failed"
