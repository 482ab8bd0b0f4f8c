#!/bin/bash
# `make help` and the Makefile agree about the targets.

set -u
cd "$(dirname "$0")/../.." || exit 1
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

TARGETS="all test soak demo asan fuzz-smoke fuzz test-peers bench lint format
install uninstall dist clean"

help=$(make -s help 2>&1)
number=0
failed=0

# shellcheck disable=SC2086 # a list of words
set -- $TARGETS
echo "1..$(($# + 1))"
for target; do
  number=$((number + 1))
  if grep -qE "^  $target +[^ ]" <<<"$help"; then
    echo "ok $number - make help tells about $target"
  else
    failed=1
    echo "not ok $number - make help tells about $target"
  fi
done

number=$((number + 1))
if bad=$(awk '{print $1}' <<<"$help" | while read -r target; do
  make -n "$target" >/dev/null 2>&1 || echo "$target"
done) && [ -z "$bad" ]; then
  echo "ok $number - every target that is listed exists"
else
  failed=1
  echo "not ok $number - every target that is listed exists"
fi
if [ "$failed" -ne 0 ]; then
  sed 's/^/# /' <<<"$help"
  sed 's/^/# make -n fails: /' <<<"$bad"
fi
exit "$failed"
