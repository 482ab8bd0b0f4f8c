#!/bin/bash
# What qlogview says to a command line that makes no sense: status 64 and why,
# and nothing on standard output.

set -u
cd "$(dirname "$0")/../.." || exit 1

BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
dir=$(mktemp -d "${TMPDIR:-/tmp}/h3kit-qlogview.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
printf '\036{"qlog_version":"0.3","qlog_format":"JSON-SEQ","trace":{}}\n' \
  >"$dir/x.sqlog"

number=0
failed=0

# refused WORDS OPTION...: qlogview OPTION... is a mistake; it says WORDS.
refused() {
  local want=$1 status

  shift
  number=$((number + 1))
  "$BUILD/qlogview" "$@" >"$dir/out" 2>"$dir/err" </dev/null
  status=$?
  if [ "$status" -eq 64 ] && [ ! -s "$dir/out" ] && grep -qF -- "$want" \
    "$dir/err"; then
    echo "ok $number - qlogview ${*##*/}"
    return
  fi
  failed=1
  echo "not ok $number - qlogview ${*##*/}"
  echo "# status $status"
  sed 's/^/# /' "$dir/err"
}

x=$dir/x.sqlog
echo 1..15
refused 'give a qlog'
refused 'give a directory or files' scan
refused 'compare takes two files' compare "$x"
refused "explain takes 'spiral'" explain idleness "$x"
refused 'one thing to show at a time' --close --stats "$x"
refused 'a format is' --format=xml "$x"
refused '--findings has no csv' --findings=csv "$x"
refused '--findings has no csv' --findings --format=csv "$x"
refused 'sarif is a format of --findings' scan --format=sarif "$x"
refused 'junit is a format of scan' --findings=junit "$x"
refused 'two times in seconds' -t 3,2 --close "$x"
refused 'two times in seconds' --slice 2 "$x"
refused '--slice copies records as they are' --slice 1,2 --compat "$x"
refused 'auto, always or never' --color=some "$x"
refused '-f follows one file' -f "$x" "$x"
exit "$failed"
