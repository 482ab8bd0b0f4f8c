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

make_bulk() { # kind folder size
  [ -s "$DIR/$2/done-http3" ] && return
  echo "making $2"
  rm -rf "${DIR:?}/$2"
  mkdir -p "$DIR/$2"
  "$BUILD/capgen" "$1:$3" "$DIR/$2" >/dev/null
  echo done >"$DIR/$2/done-http3"
}

make_capture() { # megabytes
  make_bulk bulk "bulk-$1" "$1000000"
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
set -- $(measure 3 "$BUILD/quicdump" -q -s -r "$F")
sum_cpu=$1
row "quicdump -s, HTTP/3 and QPACK decoded" "$1" "$2"
set -- $(measure 3 "$BUILD/quicdump" -q --http -r "$F")
row "quicdump --http" "$1" "$2"
set -- $(measure 3 "$BUILD/quicdump" -q --json -r "$F")
row "quicdump --json, everything" "$1" "$2"
rm -rf "$DIR/qlog"
set -- $(measure 3 "$BUILD/quicdump" -q --qlog "$DIR/qlog" -r "$F")
row "quicdump --qlog" "$1" "$2"
if command -v tshark >/dev/null 2>&1; then
  set -- $(measure 3 tshark -n -r "$F" --disable-protocol http3)
  row "$(tshark -v 2>/dev/null | head -n 1 | cut -d' ' -f1-3) line, http3 off" \
    "$1" "$2"
  echo
  printf 'one line per packet: %s times as fast as tshark (wanted: 3)\n' \
    "$(ratio "$1" "$line_cpu")"
  printf -- '--why:               %s times as fast as tshark (wanted: 5)\n' \
    "$(ratio "$1" "$why_cpu")"
  printf -- '-s:                  %s times as fast as tshark (wanted: 5)\n' \
    "$(ratio "$1" "$sum_cpu")"
  printf 'peak memory:         1/%s of tshark (wanted: 1/5)\n' \
    "$(ratio "$2" "$line_rss")"
  echo
  make_capture 10
  set -- $(measure 3 "$BUILD/quicdump" -q --json -r "$(capture 10)")
  json_cpu=$1
  row "quicdump --json, 10 MB" "$1" "$2"
  set -- $(measure 1 tshark -n -r "$(capture 10)" --disable-protocol http3 \
    -T json)
  row "tshark -T json, 10 MB, http3 off" "$1" "$2"
  printf -- '--json:              %s times as fast as tshark (wanted: 10)\n' \
    "$(ratio "$1" "$json_cpu")"
else
  echo "tshark is not installed: no ratio"
fi

echo
make_bulk bulk-streams streams 20000
set -- $(measure 5 "$BUILD/quicdump" -q -s -r "$DIR/streams/bulk-streams.pcapng")
row "quicdump -s, 20 000 streams on one connection" "$1" "$2"
awk -v c="$1" 'BEGIN { printf "20 000 streams: %s (wanted: <= 0.05 s)\n",
  c <= 0.05 ? "yes" : "NO" }'

make_bulk bulk-streams million 1000000
set -- $(measure 1 "$BUILD/quicdump" -q -s -r "$DIR/million/bulk-streams.pcapng")
row "quicdump -s, 1 000 000 streams" "$1" "$2"
rm -rf "$DIR/bomb"
mkdir -p "$DIR/bomb"
"$BUILD/capgen" http-bomb "$DIR/bomb" >/dev/null
set -- $(measure 3 "$BUILD/quicdump" -q --json -r "$DIR/bomb/http-bomb.pcapng")
row "quicdump --json, a QPACK bomb" "$1" "$2"

echo
make_bulk bulk-chacha chacha "${MB}000000"
F=$DIR/chacha/bulk-chacha.pcapng
set -- $(measure 3 "$BUILD/quicdump" -q --threads=0 -r "$F")
row "quicdump, ChaCha20-Poly1305, --threads=0" "$1" "$2"
alone=$3
set -- $(measure 3 "$BUILD/quicdump" -q --threads=1 -r "$F")
row "quicdump, ChaCha20-Poly1305, --threads=1" "$1" "$2"
printf 'wall time with one thread more: %s s of %s s, %s (two cores: >= 0.5)\n' \
  "$3" "$alone" "$(awk -v a="$3" -v b="$alone" 'BEGIN { printf "%.2f", a / b }')"

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
BUILD=$BUILD "$(dirname "$0")/bench-qlog.sh"

echo
make_capture 400
set -- $(measure 1 "$BUILD/quicdump" -q -s -r "$(capture 400)")
row "quicdump -s, 400 MB" "$1" "$2"
set -- $(measure 1 "$BUILD/quicdump" -q -r "$(capture 400)")
row "quicdump, one line per packet, 400 MB" "$1" "$2"
awk -v m="$2" 'BEGIN { printf "400 MB keeps memory flat: %s (wanted: <= 64 MiB)\n",
  m <= 64 ? "yes" : "NO"; exit m > 64 }'
