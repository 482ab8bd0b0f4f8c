#!/bin/bash
# The bash completions offer what fits, and only that.

set -u
cd "$(dirname "$0")/../.." || exit 1

BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
here=$PWD
dir=$(mktemp -d "${TMPDIR:-/tmp}/h3kit-completion.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT

# shellcheck source=/dev/null
. share/completions/quicdump.bash
# shellcheck source=/dev/null
. share/completions/qlogview.bash
cd "$dir" || exit 1
mkdir sub
touch a.pcap b.pcapng C.CAP 'with space.pcap' keys.log my.keys note.md

number=0
failed=0
program=quicdump

# offered WORD...: what is offered for the last word of "$program WORD...", in
# one line.
offered() {
  COMP_WORDS=("$BUILD/$program" "$@")
  COMP_CWORD=$#
  COMPREPLY=()
  "_$program" 2>&1
  printf '%s\n' "${COMPREPLY[@]}" | sort | paste -s -d '|'
}

# gives WANTED WORD...: the words lead to WANTED, sorted, with | between.
gives() {
  local want=$1 got

  shift
  number=$((number + 1))
  got=$(offered "$@")
  if [ "$got" = "$want" ]; then
    echo "ok $number - $program $*"
    return
  fi
  failed=1
  echo "not ok $number - $program $*"
  printf '# want %s\n# got  %s\n' "$want" "$got"
}

# every_option: each option of --help is offered.
every_option() {
  local option missing=''

  number=$((number + 1))
  for option in $("$BUILD/$program" --help | grep -oE -- '--[a-z-]+' | sort -u)
  do
    case "|$(offered "$option")|" in
    *"|$option|"* | *"|$option=|"*) ;;
    *) missing+=" $option" ;;
    esac
  done
  if [ -z "$missing" ]; then
    echo "ok $number - $program: every option of --help"
    return
  fi
  failed=1
  echo "not ok $number - $program: every option of --help"
  echo "# not offered:$missing"
}

export LC_ALL=C
echo 1..51
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

program=qlogview
mkdir logs logs/old
cd logs || exit 1
touch a.sqlog b.qlog.gz C.QLOG d.pcapng e.sqlog.zst keys.log note.md
gives 'C.QLOG|a.sqlog|b.qlog.gz|closes|compare|d.pcapng|e.sqlog.zst|explain|old|scan' ''
gives 'C.QLOG|a.sqlog|b.qlog.gz|d.pcapng|e.sqlog.zst|old' --close ''
gives 'a.sqlog' --close a
gives 'note.md' --close n
gives 'scan' sc
gives 'old' scan o
gives 'spiral' explain ''
gives 'a.sqlog' compare a
gives 'keys.log' -k k
gives 'keys.log' --keys = k
gives '' -c ''
gives '' --time = ''
gives '' --slice=2
gives 'always|auto|never' --color =
gives 'csv|json|junit|sarif|text' --format=
gives 'json' --findings = j
gives 'congestion' --print c
gives 'rtt' --svg rt
gives 'cwnd' --csv cwn
gives '--svg=' --sv
gives '--findings|--findings=' --find
every_option
cd "$here" || exit 1
exit "$failed"
