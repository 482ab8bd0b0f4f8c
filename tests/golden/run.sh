#!/bin/bash
# Compares what quicdump prints with what it should.  Prints TAP.
#
#   BUILD=dir                         the build with capgen and quicdump (build)
#   tests/golden/run.sh               all
#   tests/golden/run.sh --update [NAME]   write the expected texts anew
#
# First every scenario of capgen: --flat prints the truth that the generator
# wrote, with the secrets in a file and through a pipe; where there is HTTP,
# --http the requests, and the default lines the notes; and what --expect is
# told to expect holds.  Then the rows of tests/golden/list.

set -u
cd "$(dirname "$0")/../.." || exit 1

BUILD=$(cd "${BUILD:-build}" 2>/dev/null && pwd) || {
  echo "Bail out! ${BUILD:-build} is not built"
  exit 1
}
GOLDEN=$PWD/tests/golden
QUICDUMP=$BUILD/quicdump
export LC_ALL=C.UTF-8 TZ=UTC NO_COLOR=1 TERM=xterm COLUMNS=80
unset SSLKEYLOGFILE

WORK=$(mktemp -d "${TMPDIR:-/tmp}/h3kit-golden.XXXXXX") || exit 1
trap 'rm -rf "$WORK"' EXIT
trap 'exit 130' INT TERM
cd "$WORK" || exit 1

tests=0 failed=0

# verdict OK TEXT FILE: one line of TAP, and what differs.
verdict() {
  tests=$((tests + 1))
  if [ "$1" = 0 ]; then
    echo "ok $tests - $2"
    return
  fi
  failed=$((failed + 1))
  echo "not ok $tests - $2"
  head -n 20 "$3" | sed 's/^/# /'
}

# capture_of SCENARIO prints its file.
capture_of() {
  if [ -f "$1.pcapng" ]; then
    echo "$1.pcapng"
  else
    echo "$1.pcap"
  fi
}

# compare_truth HOW SCENARIO: quicdump's output is in "out".
compare_truth() {
  if cmp -s truth out; then
    verdict 0 "$2 $1"
  else
    diff truth out >differences
    verdict 1 "$2 $1" differences
  fi
}

truth_tests() {
  local name file keys

  for name in $("$BUILD/capgen" --list); do
    file=$(capture_of "$name")
    keys=()
    if [ -f "$name.keys" ]; then
      keys=(-k "$name.keys")
    fi
    grep '^[PF]' "$name.truth" >truth
    "$QUICDUMP" --flat "${keys[@]}" -r "$file" >out 2>err
    compare_truth "is the truth" "$name"
    # shellcheck disable=SC2002 # a pipe is the point
    cat "$file" | "$QUICDUMP" --flat "${keys[@]}" -r - >out 2>err
    compare_truth "is the truth through a pipe" "$name"
  done
}

# facts_through HOW READ SCENARIO: requests and notes are what the generator
# made.  READ is the file, or - for a pipe.
facts_through() {
  local how=$1 read=$2 name=$3 file keys

  file=$(capture_of "$name")
  keys=()
  if [ -f "$name.keys" ]; then
    keys=(-k "$name.keys")
  fi
  if [ -s "$name.requests" ]; then
    sort "$name.requests" >truth
    "$QUICDUMP" -q --http "${keys[@]}" -r "$read" <"$file" 2>err |
      awk -f "$GOLDEN/requests.awk" | sort >out
    compare_truth "has its requests $how" "$name"
  fi
  cp "$name.notes" truth
  "$QUICDUMP" -q "${keys[@]}" -r "$read" <"$file" 2>err |
    awk -f "$GOLDEN/notes.awk" >out
  compare_truth "has its notes $how" "$name"
}

facts_tests() {
  local name expr keys

  for name in $("$BUILD/capgen" --list); do
    if [ -s "$name.requests" ] || [ -s "$name.notes" ]; then
      facts_through "in a file" "$(capture_of "$name")" "$name"
      facts_through "in a pipe" - "$name"
    fi
    keys=()
    if [ -f "$name.keys" ]; then
      keys=(-k "$name.keys")
    fi
    while read -r expr; do
      "$QUICDUMP" -q "${keys[@]}" --expect "$expr" "$(capture_of "$name")" \
        >out 2>&1
      verdict $? "$name: $expr" out
    done <"$name.expect"
  done
}

# The bundled captures are what capgen makes today.
bundled_tests() {
  local file name

  for file in "$GOLDEN"/../captures/*.pcapng; do
    name=${file##*/}
    cmp "$file" "$name" >differences 2>&1
    verdict $? "tests/captures/$name is up to date" differences
  done
}

# run_row SCENARIO OPTIONS prints standard output, exit status, the first line
# of standard error, and the files written to the folder files.
run_row() {
  local file options word status

  file=$(capture_of "$1")
  options=()
  rm -rf files
  if [[ $2 == *"! "* ]]; then
    "$QUICDUMP" -q "${file}" | awk -v texts=1 -f "$GOLDEN/notes.awk"
    return
  fi
  for word in $2; do
    word=${word/#@.keys/$1.keys}
    options+=("${word/#@/$file}")
  done
  if [[ " $2 " == *" -r - "* ]]; then
    # shellcheck disable=SC2002
    cat "$file" | "$QUICDUMP" "${options[@]}" 2>err
    status=$?
  else
    "$QUICDUMP" "${options[@]}" 2>err </dev/null
    status=$?
  fi
  echo "-- exit status $status"
  if [ -s err ]; then
    echo "-- $(head -n 1 err)"
  fi
  for file in files/*; do
    if [ -f "$file" ]; then
      echo "-- $file"
      cat "$file"
    fi
  done
}

# each_row FUNCTION: calls it with the words of every row.
each_row() {
  local name scenario options what

  while IFS='|' read -r name scenario options what; do
    case $name in
    '#'* | '') continue ;;
    esac
    "$1" "${name//[[:space:]]/}" "${scenario//[[:space:]]/}" "$options" \
      "${what# }"
  done <"$GOLDEN/list"
}

test_row() {
  local expected=$GOLDEN/expected/$1.txt

  run_row "$2" "$3" >out
  if cmp -s "$expected" out; then
    verdict 0 "$1: $4"
  else
    diff "$expected" out >differences 2>&1
    verdict 1 "$1: $4 (again: tests/golden/run.sh --update $1)" differences
  fi
}

update_row() {
  if [ -z "$only" ] || [ "$only" = "$1" ]; then
    run_row "$2" "$3" >"$GOLDEN/expected/$1.txt"
    echo "$1"
  fi
}

"$BUILD/capgen" --all . || exit 1
head -c 4000 handshake.pcapng >cut.pcapng
cat pcap.keys >handshake.log # secrets of another capture

if [ "${1-}" = --update ]; then
  only=${2-}
  mkdir -p "$GOLDEN/expected"
  each_row update_row
  if [ -z "$only" ]; then
    for only in "$GOLDEN"/../captures/*.pcapng; do
      cp "${only##*/}" "$only"
    done
  fi
  exit 0
fi
bundled_tests
truth_tests
facts_tests
each_row test_row
echo "1..$tests"
[ "$failed" -eq 0 ]
