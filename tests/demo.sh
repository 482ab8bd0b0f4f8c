#!/bin/bash
# Shows quicdump and qlogview on the bundled captures and qlogs.  Ends with 1
# when a command failed.
#
#   BUILD=dir  where the programs are (build)

set -u
cd "$(dirname "$0")/.." || exit 1

PROGRAM=quicdump
unset SSLKEYLOGFILE
failed=0
bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
  bold=$'\e[1m' plain=$'\e[0m'
fi

# show LINES HEADING OPTIONS...: the heading, the command, and the first LINES
# lines that it prints (0 = all).  Status 1 is that of findings.
show() {
  local lines=$1 heading=$2 word out status

  shift 2
  printf '\n%s%s%s\n$ %s' "$bold" "$heading" "$plain" \
    "$PROGRAM"
  for word in "$@"; do
    case $word in
    *[!a-zA-Z0-9._/=-]*) printf " '%s'" "$word" ;;
    *) printf ' %s' "$word" ;;
    esac
  done
  echo
  out=$("$BUILD/$PROGRAM" "${colour[@]}" "$@" 2>&1)
  status=$?
  if [ "$lines" -gt 0 ] && [ "$(wc -l <<<"$out")" -gt "$lines" ]; then
    head -n "$lines" <<<"$out"
    echo "... ($(($(wc -l <<<"$out") - lines)) more lines)"
  else
    printf '%s\n' "$out"
  fi
  if [ "$status" -gt 1 ] || { [ "$status" = 1 ] && [ "$PROGRAM" = quicdump ]; }
  then
    echo "exit status $status"
    failed=1
  fi
}

BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
for PROGRAM in quicdump qlogview; do
  if [ ! -x "$BUILD/$PROGRAM" ]; then
    echo "$BUILD/$PROGRAM is not built" >&2
    exit 1
  fi
done
colour=()
if [ -n "$bold" ]; then
  colour=(--color=always)
fi
cd tests/captures || exit 1
PROGRAM=quicdump

show 0 "What happened: a row for each connection, and how it ended" \
  -s failure.pcapng
show 0 "Why it ended, who did it, and the packets that show it" \
  --close --filter 'conn in (3, 5)' failure.pcapng
show 0 "Every request: status, times, octets, what was unusual" \
  --http requests.pcapng
show 0 "One line for each packet, with what HTTP/3 says in it" \
  -c 16 requests.pcapng
show 45 "A report on a connection: handshake, parameters, loss, QPACK" \
  -ss requests.pcapng
show 0 "A stream of HTTP/3, decoded" \
  --follow 0:20:http requests.pcapng
show 0 "Packets that stay closed say why" \
  -c 12 missing-secret.pcapng
show 0 "The whole story of what is missing" \
  --why missing-secret.pcapng
show 0 "QUIC v2 over IPv6, after a Retry, under ChaCha20" \
  -c 8 retry-v2.pcapng
show 0 "A client moves: NAT rebinding, migration, key update, stateless reset" \
  --filter 'frame in (new_connection_id, path_challenge, path_response) or '\
'type == reset' migration.pcapng
show 40 "Every field, down to the certificate" \
  -vv -c 1 --filter 'type == handshake && dir == server' handshake.pcapng
show 6 "For programs: JSON, one object on a line" \
  --json --filter 'stream == 0' requests.pcapng
show 12 "For programs: one line for each packet and each frame" \
  --flat handshake.pcapng

PROGRAM=qlogview
cd ../qlogs || exit 1
show 0 "A qlog: what happened, what limited it, how it ended" slow.sqlog.zst
show 12 "What is wrong, worst first" --findings slow.sqlog.zst
show 0 "A death spiral, step by step" explain spiral slow.sqlog.zst
show 0 "The window, as a chart" --print congestion 96x24 slow.sqlog.zst
show 0 "Before and after the cure" compare slow.sqlog.zst cured.sqlog.zst
show 0 "Why a handshake failed" --close alert.sqlog
show 0 "Its events" --events alert.sqlog
show 0 "Many logs, the worst on top" scan .
exit "$failed"
