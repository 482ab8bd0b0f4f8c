#!/bin/bash
# qlogview in full: labelled logs of five writers with unseen seeds, what it
# exports against an independent reading, closes against an independent count,
# and every qlog of the corpus.  Prints TAP.
#
#   BUILD=dir  where the programs are (build)    H3KIT_CORPUS=dir
#   SEED=n     of the generated logs (the day of the year, so never twice)
#   PER=n      logs of each scenario, writer and vantage (2)

set -u
cd "$(dirname "$0")/../.." || exit 1

BUILD=${BUILD:-build}
H3KIT_CORPUS=${H3KIT_CORPUS:-../shared/corpus}
SEED=${SEED:-$(date +%j)}
dir=$(mktemp -d "${TMPDIR:-/tmp}/h3kit-qlog.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT

# tap NAME COMMAND...: its lines, without the plan; a program that dies without
# one failed.
tap() {
  local name=$1

  shift
  "$@" >"$dir/tap"
  if ! grep -qE '^1\.\.[0-9]' "$dir/tap"; then
    echo "not ok - $name: status $?"
  fi
  sed -E "/^1\.\./d; s/^((not )?ok) [0-9]+ - /\1 - $name: /" "$dir/tap"
}

if ! command -v python3 >/dev/null 2>&1; then
  echo "ok - qlogs # SKIP python3 is not installed"
  exit 0
fi
echo "# seed $SEED"
mkdir "$dir/logs"
if ! "$BUILD/loggen" --corpus "$dir/logs" --seed "$SEED" --per "${PER:-2}"; then
  echo "not ok - loggen --corpus"
fi
tap labels python3 tests/qlog/labels.py "$BUILD/qlogview" "$dir/logs"
# Every ending with every code that has a name, from both ends, in five habits.
ALERTS="0 10 20 22 40 42 43 44 45 46 47 48 49 50 51 70 71 80 86 90 109 110 112"
ALERTS+=" 113 115 116 120 121"
matrix() {
  local ending writer vantage n=0 file

  mkdir "$dir/matrix"
  head -n 1 "$dir/logs/labels.tsv" >"$dir/matrix/labels.tsv"
  for ending in app_client app_server app_local app_peer transport_local \
    transport_peer idle reset open truncated handshake version unreachable \
    handshake_timeout $(printf 'tls_alert:%d ' $ALERTS) \
    $(printf 'transport_peer:%d ' {1..16}) \
    $(printf 'app_peer:%d ' {256..272} 512 513 514); do
    for writer in draft14 quiche ngtcp2 picoquic aioquic; do
      for vantage in client server; do
        n=$((n + 1))
        file=$n-$writer.qlog
        "$BUILD/loggen" --seed $((SEED + n)) --ending "$ending" clean_requests \
          "$writer" "$vantage" "$dir/matrix/$file" 2>/dev/null |
          awk -F '\t' -v OFS='\t' -v file="$file" '{ $1 = file; print }' \
            >>"$dir/matrix/labels.tsv"
      done
    done
  done
  python3 tests/qlog/labels.py "$BUILD/qlogview" "$dir/matrix"
}
tap matrix matrix
mapfile -t some < <(find "$dir/logs" -name '*qlog' | sort |
  awk -v n="$SEED" 'NR % 23 == n % 23')
tap truth python3 tests/qlog/truth.py "$BUILD/qlogview" "$SEED" "${some[@]}"
if [ -d "$H3KIT_CORPUS/interop" ]; then
  tap closes python3 tests/qlog/closes.py "$BUILD/qlogview" "$dir/logs" \
    "$H3KIT_CORPUS/interop"
  tap corpus python3 tests/qlog/corpus.py "$BUILD/qlogview" \
    "$H3KIT_CORPUS/qlog"
  tap interop python3 tests/qlog/corpus.py "$BUILD/qlogview" \
    "$H3KIT_CORPUS/interop"
else
  echo "ok - corpus # SKIP no corpus at $H3KIT_CORPUS"
  tap closes python3 tests/qlog/closes.py "$BUILD/qlogview" "$dir/logs"
fi
