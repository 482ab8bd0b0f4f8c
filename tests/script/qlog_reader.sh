#!/bin/bash
# The qlog reader finds in the logs of the corpus what Python's JSON module
# finds.  The corpus is looked for at H3KIT_CORPUS (default ../shared/corpus).

set -u
cd "$(dirname "$0")/../.." || exit 1

BUILD=${BUILD:-build}
H3KIT_CORPUS=${H3KIT_CORPUS:-../shared/corpus}

skip() {
  echo 1..1
  echo "ok 1 - records of the corpus # SKIP $1"
  exit 0
}

[ -d "$H3KIT_CORPUS/qlog" ] || skip "no corpus at $H3KIT_CORPUS"
command -v python3 >/dev/null 2>&1 || skip "python3 is not installed"
exec python3 tests/qlog/count.py "$BUILD/qlogcount" "$H3KIT_CORPUS"
