#!/bin/sh
# Measures quicdump against tshark on the same capture and keys, in one run:
# CPU seconds (user + system, best of 3) and peak memory; then where the time
# goes, against the floor that the AEAD sets.
#
#   BUILD=build tests/bench.sh [MEGABYTES]

set -eu
BUILD=${BUILD:-build}
MB=${1:-100}
DIR=$BUILD/bench
mkdir -p "$DIR"
unset SSLKEYLOGFILE

make_capture() { # megabytes
  [ -s "$DIR/bulk-$1/done" ] && return
  echo "making a capture of $1 MB"
  mkdir -p "$DIR/bulk-$1"
  "$BUILD/capgen" "bulk:$1000000" "$DIR/bulk-$1" >/dev/null
  echo done >"$DIR/bulk-$1/done"
}

# The secrets are inside the capture, where both programs find them.
capture() { ls "$DIR/bulk-$1/"*.pcapng | head -n 1; }

measure() { # runs command...
  "$BUILD/measure" "$@"
}

row() { # name cpu rss
  printf '%-44s %8s s %9s MiB\n' "$1" "$2" "$3"
}

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", b ? a / b : 0 }'; }

make_capture "$MB"
F=$(capture "$MB")
bytes=$(wc -c <"$F")
packets=$("$BUILD/quicdump" -q --flat -r "$F" | grep -c '^P')
echo "capture: $((bytes / 1000000)) MB, $packets QUIC packets, AES-128-GCM"
echo
set -- $(measure 3 "$BUILD/quicdump" -q -r "$F")
line_cpu=$1 line_rss=$2
row "quicdump, one line per packet" "$line_cpu" "$line_rss"
set -- $(measure 3 "$BUILD/quicdump" -q --flat -r "$F")
row "quicdump --flat" "$1" "$2"
set -- $(measure 3 "$BUILD/quicdump" -q --why -r "$F")
why_cpu=$1 why_rss=$2
row "quicdump --why" "$why_cpu" "$why_rss"
if command -v tshark >/dev/null 2>&1; then
  set -- $(measure 3 tshark -n -r "$F" --disable-protocol http3)
  row "$(tshark -v 2>/dev/null | head -n 1 | cut -d' ' -f1-3) line, http3 off" \
    "$1" "$2"
  echo
  printf 'one line per packet: %s times as fast as tshark (wanted: 3)\n' \
    "$(ratio "$1" "$line_cpu")"
  printf -- '--why:               %s times as fast as tshark (wanted: 5)\n' \
    "$(ratio "$1" "$why_cpu")"
  printf 'peak memory:         1/%s of tshark (wanted: 1/5)\n' \
    "$(ratio "$2" "$line_rss")"
else
  echo "tshark is not installed: no ratio"
fi

echo
echo "the floor: header protection and AEAD alone, ns per packet"
"$BUILD/aeadbench"
awk -v c="$line_cpu" -v w="$why_cpu" -v p="$packets" 'BEGIN {
  printf "quicdump in all: %.0f ns per packet a line, %.0f ns --why\n",
    c * 1e9 / p, w * 1e9 / p }'
if command -v valgrind >/dev/null 2>&1; then
  echo
  echo "where the instructions go (callgrind, --why, first rows):"
  make_capture 5
  valgrind --tool=callgrind --callgrind-out-file="$DIR/callgrind.out" \
    "$BUILD/quicdump" -q --why -r "$(capture 5)" \
    >/dev/null 2>&1
  callgrind_annotate "$DIR/callgrind.out" | grep -E '^ *[0-9,]+ \(' |
    sed 's/ \[.*//' | head -n 16
fi

echo
make_capture 400
set -- $(measure 1 "$BUILD/quicdump" -q -r "$(capture 400)")
row "quicdump, one line per packet, 400 MB" "$1" "$2"
awk -v m="$2" 'BEGIN { printf "400 MB keeps memory flat: %s (wanted: <= 64 MiB)\n",
  m <= 64 ? "yes" : "NO"; exit m > 64 }'
