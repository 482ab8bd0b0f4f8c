#!/bin/bash
# --json and --har of every scenario of capgen and every bundled capture are
# what share/doc/quicdump-json.md and HAR 1.2 say.

set -u
cd "$(dirname "$0")/../.." || exit 1

BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
CHECK=$PWD/tests/script/json_check.py
CAPTURES=$PWD/tests/captures
unset SSLKEYLOGFILE
export LC_ALL=C.UTF-8

if ! command -v python3 >/dev/null; then
  echo "1..0 # SKIP there is no python3"
  exit 0
fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/h3kit-json.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
"$BUILD/capgen" --all . || exit 1

number=0 failed=0

# verdict STATUS TEXT: a line of TAP; what was printed is in the file out.
verdict() {
  number=$((number + 1))
  if [ "$1" = 0 ]; then
    echo "ok $number - $2"
    return
  fi
  failed=1
  echo "not ok $number - $2"
  head -n 5 out | cut -c 1-300 | sed 's/^/# /'
}

# make_both CAPTURE: its lines, and its archive with content.
make_both() {
  local name=${1##*/} keys=()

  [ -f "${1%.*}.keys" ] && keys=(-k "${1%.*}.keys")
  "$BUILD/quicdump" -q "${keys[@]}" --json -r "$1" >"$name.lines"
  [ $? -le 1 ] || echo "$name --json: status $?"
  "$BUILD/quicdump" -q "${keys[@]}" --har "$name.har" --har-bodies -r "$1"
  [ $? -le 1 ] || echo "$name --har: status $?"
}

# every: all that capgen makes, and the bundled captures.
every() {
  local capture

  for capture in *.pcap *.pcapng "$CAPTURES"/*.pcapng; do
    make_both "$capture"
  done >out 2>&1
  [ ! -s out ]
  verdict $? "every capture gives both, and no word"
  python3 "$CHECK" lines ./*.lines >out
  verdict $? "--json of every capture"
  python3 "$CHECK" har ./*.har >out
  verdict $? "--har of every capture"
}

# A reader finds what it looks for; twice the same is twice the same.
lines() {
  local capture=$CAPTURES/handshake.pcapng

  "$BUILD/quicdump" --json -r "$capture" >a
  "$BUILD/quicdump" --json -r "$capture" >b
  cmp a b >out
  verdict $? "the same capture gives the same lines"
  python3 - a >out <<'PY'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
print([r["status"] for r in lines if r["type"] == "request"])
PY
  [ "$(cat out)" = "[200, 404, 201]" ]
  verdict $? "the status of each request"
  "$BUILD/quicdump" --json --filter 'type == initial' -r "$capture" >a
  python3 "$CHECK" lines a >out && ! grep -q '"packet":"1rtt"' a
  verdict $? "--filter"
  "$BUILD/quicdump" --json -c 3 -r "$capture" >a
  python3 "$CHECK" lines a >out && grep -q '"end","packets":3,' a
  verdict $? "-c"
  head -c -1 a >cut
  ! python3 "$CHECK" lines cut >out
  verdict $? "a cut file is recognised"
}

# The archive is there whole or not at all, and the note says what it has.
files() {
  local capture=$CAPTURES/handshake.pcapng

  rm -f x.har
  "$BUILD/quicdump" --har x.har -r "$capture" >out 2>&1
  [ "$(cat out)" = "quicdump: x.har: 3 requests" ]
  verdict $? "what is said about the archive"
  [ "$(stat -c %a x.har)" = 600 ]
  verdict $? "its mode"
  "$BUILD/quicdump" --har none/x.har -r "$capture" >out 2>&1
  [ $? = 2 ] && grep -q 'none/x.har: No such file' out
  verdict $? "a directory that is not there"
  "$BUILD/quicdump" --har /dev/full -r "$capture" >out 2>&1
  [ $? = 2 ] && grep -q '/dev/full: No space' out
  verdict $? "a full device"
  "$BUILD/quicdump" --har y.har -r none.pcap >out 2>&1
  [ $? = 2 ] && [ ! -e y.har ] && ! compgen -G '.quicdump-*' >/dev/null
  verdict $? "no capture, no archive"
  "$BUILD/quicdump" -q --har y.har --json -r "$capture" >a &&
    python3 "$CHECK" lines a >out && python3 "$CHECK" har y.har >out
  verdict $? "both at once"
}

every
lines
files
echo "1..$number"
exit "$failed"
