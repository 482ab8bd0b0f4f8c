#!/bin/sh
# Measures how fast qlogview goes through qlogs: user CPU for reading them into
# events, for all that --summary looks for, and with the samples of a chart; the
# same beside jq; packed files; memory and how soon the summary is there for a
# log of 1 GB.
#
#   BUILD=build tests/bench-qlog.sh [MEGABYTES]
#
# The logs are loggen's, repeated.  1 GB is made where 4 GB of disk are free or
# H3KIT_BENCH_FULL is set.

set -eu
BUILD=${BUILD:-build}
MB=${1:-200}
DIR=$BUILD/bench/qlog
VIEW=$BUILD/qlogview
mkdir -p "$DIR"

make_log() { # writer megabytes
  [ -s "$DIR/$1-$2.sqlog" ] && return
  "$BUILD/loggen" --seed 7 loss_periodic "$1" server "$DIR/$1.short" >/dev/null
  "$BUILD/qlogbulk" "$DIR/$1.short" "$DIR/new" "$2"
  mv "$DIR/new" "$DIR/$1-$2.sqlog"
}

user() { # runs command...: user seconds
  "$BUILD/measure" "$@" | cut -d ' ' -f 4
}

speed() { awk -v s="$1" -v mb="$2" 'BEGIN { printf "%.0f", s ? mb / s : 0 }'; }

row() { # name megabytes seconds wanted
  printf '%-44s %6s MB/s%s\n' "$1" "$(speed "$3" "$2")" \
    "${4:+ (wanted: >= $4)}"
}

# What is not there is not found, but each record was read for that.
read_log() { user 5 "$VIEW" -q --events --filter 'record == 0' "$1"; }

echo "qlogs of $MB MB, MB/s of user CPU on one core, best of 5"
for writer in draft14 quiche ngtcp2; do
  make_log $writer "$MB"
  F=$DIR/$writer-$MB.sqlog
  row "$writer: into events" "$MB" "$(read_log "$F")"
  row "$writer: --summary, everything" "$MB" \
    "$(user 5 "$VIEW" -q --summary "$F")" 400
  row "$writer: --print congestion" "$MB" \
    "$(user 5 "$VIEW" -q --print congestion "$F")"
done

echo
F=$DIR/ngtcp2-$MB.sqlog
if command -v jq >/dev/null 2>&1; then
  make_log ngtcp2 20
  S=$DIR/ngtcp2-20.sqlog
  jq_cpu=$(user 2 jq --seq . "$S")
  row "jq --seq ." 20 "$jq_cpu"
  row "jq --seq -n, records counted" 20 \
    "$(user 2 jq --seq -n 'reduce inputs as $i (0; . + 1)' "$S")"
  read_cpu=$(read_log "$F") view_cpu=$(user 5 "$VIEW" -q --summary "$F")
  awk -v j="$jq_cpu" -v r="$read_cpu" -v v="$view_cpu" -v mb="$MB" 'BEGIN {
    jq = j / 20 * mb
    printf "into events: %.1f times as fast as jq --seq . (wanted: 20)\n", jq / r
    printf "--summary:   %.1f times as fast as jq --seq . (wanted: 20)\n", jq / v
  }'
else
  echo "SKIP: jq is not installed: no ratio"
fi

echo
for packer in gzip zstd; do
  if ! command -v $packer >/dev/null 2>&1; then
    echo "SKIP: $packer is not installed"
    continue
  fi
  suffix=$([ $packer = gzip ] && echo gz || echo zst)
  [ -s "$F.$suffix" ] || $packer -q -c "$F" >"$F.$suffix"
  if "$VIEW" -q --summary "$F.$suffix" >/dev/null 2>&1; then
    row "--summary, $packer, MB as unpacked" "$MB" \
      "$(user 3 "$VIEW" -q --summary "$F.$suffix")"
  else
    echo "SKIP: built without $packer"
  fi
done

free_mb=$(df -Pm "$DIR" | awk 'NR == 2 { print $4 }')
if [ -z "${H3KIT_BENCH_FULL:-}" ] && [ "$free_mb" -lt 4000 ]; then
  echo "SKIP: 1 GB, for $free_mb MB are free"
  exit 0
fi
echo
make_log ngtcp2 1000
F=$DIR/ngtcp2-1000.sqlog
# shellcheck disable=SC2046
set -- $("$BUILD/measure" 2 "$VIEW" -q --summary "$F")
row "--summary, 1 GB" 1000 "$4" 400
awk -v m="$2" -v w="$3" 'BEGIN {
  printf "1 GB: %.1f MiB (wanted: <= 64), there after %.2f s\n", m, w }'
(
  cat "$F"
  date +%s.%N >"$DIR/fed"
) | "$VIEW" -q --summary - >/dev/null
date +%s.%N | cat "$DIR/fed" - | awk 'NR == 1 { fed = $1 } END {
  printf "the summary is there %.3f s after the last octet (wanted: <= 0.3)\n",
    $1 - fed }'
rm -f "$F"
