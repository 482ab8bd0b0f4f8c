#!/bin/bash
# Runs every test of $BUILD: the cmocka programs, the fuzz corpora and the test
# scripts.  All speak TAP.  The last line is the total.
#
#   BUILD=dir          what to test (build)
#   JOBS=n             how many programs at a time (2)
#   TEST_TIMEOUT=s     limit of one program (400)
#   tests/run.sh NAME  only the programs whose name contains NAME

set -u
shopt -s nullglob
cd "$(dirname "$0")/.." || exit 1

export BUILD=${BUILD:-build}
export CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TEST_TIMEOUT=${TEST_TIMEOUT:-400}
export LC_ALL=C.UTF-8 TZ=UTC

# A test that runs make must not join the job server of ours.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

# corpus_of PROGRAM prints the folder with its committed inputs.
corpus_of() {
  local dir=tests/fuzz/corpus/$1

  if [ ! -d "$dir" ] && [ -d "${dir%_fuzz}" ]; then
    dir=${dir%_fuzz}
  fi
  echo "$dir"
}

# list_tests prints "name<tab>command" lines.
list_tests() {
  local f

  for f in "$BUILD"/replay/*; do
    [ -x "$f" ] && [ ! -d "$f" ] || continue
    printf 'replay/%s\t%s %s\n' "${f##*/}" "$f" "$(corpus_of "${f##*/}")"
  done
  for f in "$BUILD"/unit/*; do
    [ -x "$f" ] && [ ! -d "$f" ] || continue
    printf 'unit/%s\t%s\n' "${f##*/}" "$f"
  done
  for f in tests/golden/run.sh tests/qpack/run.sh tests/script/*.sh \
    tests/lint/run.sh; do
    [ -x "$f" ] && printf '%s\t%s\n' "${f#tests/}" "$f"
  done
}

# read_tap FILE STATUS SECONDS sums a program's TAP.  Output, one per line:
# "count passed failed skipped", "skip NAME: REASON", "why TEXT".
# cmocka 1.1 writes skips as "not ok N # SKIP name", after what the test said;
# a fixture of a group that fails is "not ok 0" and in no plan.
read_tap() {
  awk -v status="$2" -v limit="$TEST_TIMEOUT" '
    function trim(s) {
      sub(/^[ \t]+(- )?/, "", s)
      sub(/[ \t]+$/, "", s)
      return s
    }
    function skip(name, why) {
      skipped++
      print "skip " name (name != "" && why != "" ? ": " : "") why
    }
    /^1\.\.[0-9]+/ {
      planned += substr($0, 4) + 0
      plan = 1
      if ($0 ~ /^1\.\.0[ \t]*# *[Ss][Kk][Ii][Pp]/) {
        sub(/^[^#]*# *[Ss][Kk][Ii][Pp][^ \t]*/, "")
        skip("", trim($0))
        planned++
        seen++
      }
      next
    }
    /^(not )?ok([ \t]|$)/ {
      bad = $1 == "not"
      group = bad && $3 == "0"
      text = $0
      sub(/^(not )?ok[ \t]*[0-9]*/, "", text)
      if (!group) seen++
      if (match(text, /# *[Ss][Kk][Ii][Pp][^ \t]*/)) {
        name = trim(substr(text, 1, RSTART - 1))
        why = trim(substr(text, RSTART + RLENGTH))
        if (bad) {
          name = why
          why = said
        }
        skip(name, why)
      } else if (bad) {
        failed++
      } else {
        passed++
      }
      said = ""
      next
    }
    /^Bail out!/ { bail = 1; failed++; print "why " $0; next }
    !/^#/ { said = trim($0) }
    END {
      why = ""
      if (status == 124 || status == 137)
        why = "no end after " limit " s"
      else if (status > 128)
        why = "killed by signal " status - 128
      else if (passed + failed + skipped == 0)
        why = "no test ran" (status ? ", exit status " status : "")
      else if (plan && seen != planned && !bail && !failed)
        why = "planned " planned " tests, saw " seen + 0
      else if (status != 0 && !failed)
        why = "exit status " status
      if (why != "") {
        # A cut-off run has one failure that no line of TAP tells.
        failed++
        print "why " why
      }
      print "count", passed + 0, failed + 0, skipped + 0
    }' "$1"
}

# run_one NAME COMMAND...: runs one program and prints its line.  Its output
# stays in $OUT/NAME for the report.
run_one() {
  local name=$1 log=$OUT/${1//\//:} pid status start end took
  local passed failed skipped word

  shift
  start=${EPOCHREALTIME/./}
  # The two streams are kept apart: one of them is buffered, and a message in
  # the middle of a line would break its TAP.
  timeout -k 5 "$TEST_TIMEOUT" "$@" \
    >"$log.out" 2>"$log.err" </dev/null &
  pid=$!
  trap 'kill $pid 2>/dev/null' INT TERM
  # A crash is told below, not by the shell.
  { wait $pid; } 2>/dev/null
  status=$?
  end=${EPOCHREALTIME/./}
  took=$(((end - start) / 10000))

  read_tap "$log.out" "$status" >"$log.tap"
  read -r _ passed failed skipped < <(grep '^count ' "$log.tap")
  echo "$*" >"$log.cmd"
  word="${GREEN}pass${PLAIN}"
  if [ "$passed" -eq 0 ] && [ "$skipped" -gt 0 ]; then
    word="${YELLOW}skip${PLAIN}"
  fi
  if [ "$failed" -gt 0 ]; then
    word="${RED}FAIL${PLAIN}"
  fi
  printf '%s  %-32s %5d %s%s %3d.%02d s\n' "$word" "$name" "$passed" \
    "$([ "$failed" -gt 0 ] && echo " $failed failed")" \
    "$([ "$skipped" -gt 0 ] && echo " $skipped skipped")" \
    $((took / 100)) $((took % 100))
}

# show_failure LOG prints everything that a failed program said.
show_failure() {
  local log=$1 name

  name=${log##*/}
  printf '\n%s---- %s%s\n' "$RED" "${name//://}" "$PLAIN"
  sed -n 's/^why /     /p' "$log.tap"
  printf '     again: BUILD=%s %s\n' "$BUILD" "$(cat "$log.cmd")"
  cat "$log.out"
  if [ -s "$log.err" ]; then
    printf '%s\n' "---- its stderr"
    cat "$log.err"
  fi
}

report() {
  local tap log passed=0 failed=0 skipped=0 p f s line name

  for tap in "$OUT"/*.tap; do
    log=${tap%.tap}
    read -r _ p f s < <(grep '^count ' "$tap")
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    if [ "$f" -gt 0 ]; then
      show_failure "$log"
    fi
  done
  for tap in "$OUT"/*.tap; do
    name=${tap##*/}
    name=${name%.tap}
    while IFS= read -r line; do
      printf '%sSKIP%s  %s: %s\n' "$YELLOW" "$PLAIN" "${name//://}" \
        "${line#skip }"
    done < <(grep '^skip ' "$tap")
  done
  if [ $((passed + failed + skipped)) -eq 0 ]; then
    echo "no test ran: is $BUILD built?"
    failed=1
  fi
  if [ "$passed" -eq 0 ] && [ "$failed" -eq 0 ]; then
    echo "every test was skipped"
    failed=1
  fi
  printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  [ "$failed" -eq 0 ]
}

if [ "${1-}" = --one ]; then
  # shellcheck disable=SC2086 # the command is a list of words
  run_one "${2%%$'\t'*}" ${2#*$'\t'}
  exit 0
fi

export RED='' GREEN='' YELLOW='' PLAIN=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
  RED=$'\e[31m' GREEN=$'\e[32m' YELLOW=$'\e[33m' PLAIN=$'\e[0m'
fi

OUT=$(mktemp -d "${TMPDIR:-/tmp}/h3kit-tests.XXXXXX") || exit 1
export OUT
trap 'rm -rf "$OUT"' EXIT
trap 'exit 130' INT TERM

list_tests | { if [ $# -gt 0 ]; then grep -F -- "$1"; else cat; fi; } |
  tr '\n' '\0' | xargs -0 -r -n 1 -P "${JOBS:-2}" "$0" --one
report
