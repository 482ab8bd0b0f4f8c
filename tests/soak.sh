#!/bin/sh
# The full figures: the corpora against their ground truth, against the installed
# tshark and against what the endpoints of each capture logged.  Prints TAP and
# the numbers compared; SKIPs what is not there.  The corpus is looked for at
# H3KIT_CORPUS (default ../shared/corpus).  Logs of simulated connections are
# judged by their labels.

BUILD=${BUILD:-build}
H3KIT_CORPUS=${H3KIT_CORPUS:-../shared/corpus}
export TSHARK_FLAT=${TSHARK_FLAT:-$H3KIT_CORPUS/../tools/tshark-flat.py}
unset SSLKEYLOGFILE
out=$BUILD/soak.tap
mkdir -p "$BUILD"
{
  if ! command -v python3 >/dev/null 2>&1; then
    echo "ok 1 - corpus comparisons # SKIP python3 is not installed"
  else
    if [ -f "$H3KIT_CORPUS/captures/manifest.json" ]; then
      python3 tests/interop/compare.py truth "$H3KIT_CORPUS/captures" \
        "$BUILD/quicdump"
    else
      echo "ok 1 - ground truth # SKIP no corpus at $H3KIT_CORPUS"
    fi
    if [ ! -d "$H3KIT_CORPUS/interop" ]; then
      echo "ok 2 - tshark # SKIP no corpus at $H3KIT_CORPUS"
    elif ! command -v tshark >/dev/null 2>&1; then
      echo "ok 2 - tshark # SKIP tshark is not installed"
    else
      python3 tests/interop/compare.py flat "$H3KIT_CORPUS/interop" \
        "$BUILD/quicdump" "$BUILD/tshark"
    fi
    for oracle in http3 close qlog figures selftest; do
      if [ -d "$H3KIT_CORPUS/interop" ]; then
        python3 "tests/interop/oracle_$oracle.py" "$H3KIT_CORPUS/interop" \
          "$BUILD/quicdump" || echo "not ok - oracle_$oracle.py: status $?"
      else
        echo "ok - $oracle oracle # SKIP no corpus at $H3KIT_CORPUS"
      fi
    done
    if [ -d "$H3KIT_CORPUS/captures" ]; then
      "$BUILD/corpuscheck" "$H3KIT_CORPUS"
    else
      echo "ok 3 - round trips # SKIP no corpus at $H3KIT_CORPUS"
    fi
  fi
  tests/qpack/run.sh all
  tests/qlog/run.sh
} 2>&1 | tee "$out"
awk '/^ok .*# SKIP/ { s++; next } /^ok / { p++ } /^not ok/ { f++ }
  END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }' "$out"
