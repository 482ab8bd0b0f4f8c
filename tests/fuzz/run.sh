#!/bin/bash
# Fuzzes every target of $BUILD/fuzz.  The last line is the total.
#
#   BUILD=dir           a build made with clang -fsanitize=fuzzer
#   FUZZ_SECONDS=n      how long each target runs (600)
#   FUZZ_TARGETS="a b"  only these
#   JOBS=n              how many targets at a time (2)
#
# A target starts from its committed corpus and what $BUILD/seeds writes.  New
# inputs gather in $BUILD/corpus/TARGET, crashes in $BUILD/crash.  A file
# tests/fuzz/TARGET.opts holds more libFuzzer options, TARGET.dict a dictionary.

set -u
shopt -s nullglob
cd "$(dirname "$0")/../.." || exit 1

export BUILD=${BUILD:-build/clang-fuzz}
export FUZZ_SECONDS=${FUZZ_SECONDS:-600}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export LC_ALL=C.UTF-8 TZ=UTC

# fuzz_args TARGET fills |args| with options and folders; later options win.
fuzz_args() {
  local short=${1%_fuzz} name line

  args=(-max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=2048
    -max_len=4096 -print_final_stats=1
    -artifact_prefix="$BUILD/crash/$1-")
  for name in "$1" "$short"; do
    if [ -f "tests/fuzz/$name.dict" ]; then
      args+=(-dict="tests/fuzz/$name.dict")
    fi
    if [ -f "tests/fuzz/$name.opts" ]; then
      while read -r line; do
        case $line in '' | '#'*) ;; *) args+=("$line") ;; esac
      done <"tests/fuzz/$name.opts"
    fi
    if [ "$name" = "$short" ]; then
      break
    fi
  done
  args+=("$BUILD/corpus/$1")
  for name in "tests/fuzz/corpus/$short" "$OUT/seeds/$short"; do
    if [ -d "$name" ]; then
      args+=("$name")
    fi
  done
}

# stat_of LOG NAME prints a figure of libFuzzer's final statistics.
stat_of() {
  local n

  n=$(sed -n "s/^stat::$2: *//p" "$1" | tail -n 1)
  echo "${n:-0}"
}

fuzz_one() {
  local target=$1 log=$OUT/$1.log args status word corpus pid

  mkdir -p "$BUILD/corpus/$target" "$BUILD/crash"
  fuzz_args "$target"
  # libFuzzer ends by itself; the limit is for a target that ignores it.
  timeout -k 10 $((FUZZ_SECONDS + 120)) "$BUILD/fuzz/$target" "${args[@]}" \
    >"$log" 2>&1 </dev/null &
  pid=$!
  trap 'kill $pid 2>/dev/null' INT TERM
  { wait $pid; } 2>/dev/null
  status=$?
  corpus=$(grep -ao 'corp: [0-9]*' "$log" | tail -n 1)
  word="${GREEN}pass${PLAIN}"
  if [ "$status" -eq 0 ] &&
    [ "$(stat_of "$log" number_of_executed_units)" -eq 0 ]; then
    status=none
  fi
  if [ "$status" != 0 ]; then
    word="${RED}FAIL${PLAIN}"
  fi
  echo "$status" >"$OUT/$target.status"
  printf '%s  %-24s %11s execs %8s /s  corpus %6s\n' "$word" "$target" \
    "$(stat_of "$log" number_of_executed_units)" \
    "$(stat_of "$log" average_exec_per_sec)" "${corpus#corp: }"
}

show_failure() {
  local target=$1 status=$2 artifact

  printf '\n%s---- %s%s\n' "$RED" "$target" "$PLAIN"
  case $status in
  124 | 137) echo "     did not end" ;;
  none) echo "     no input was run" ;;
  *) echo "     exit status $status" ;;
  esac
  artifact=$(sed -n 's/.*Test unit written to //p' "$OUT/$target.log" |
    tail -n 1)
  if [ -n "$artifact" ]; then
    echo "     again: $BUILD/fuzz/$target $artifact"
  fi
  # The lines of progress tell nothing about a crash.
  grep -av '^#[0-9]' "$OUT/$target.log" | tail -n 200
}

targets() {
  local f

  if [ -n "${FUZZ_TARGETS-}" ]; then
    for f in $FUZZ_TARGETS; do
      if [ ! -x "$BUILD/fuzz/$f" ] && [ -x "$BUILD/fuzz/${f}_fuzz" ]; then
        f=${f}_fuzz
      fi
      echo "$f"
    done
    return
  fi
  for f in "$BUILD"/fuzz/*; do
    [ -x "$f" ] && [ ! -d "$f" ] && echo "${f##*/}"
  done
}

report() {
  local passed=0 failed=0 target status

  while read -r target; do
    status=$(cat "$OUT/$target.status" 2>/dev/null || echo none)
    if [ "$status" = 0 ]; then
      passed=$((passed + 1))
      continue
    fi
    failed=$((failed + 1))
    if [ -f "$OUT/$target.log" ]; then
      show_failure "$target" "$status"
    fi
  done <"$OUT/targets"
  if [ $((passed + failed)) -eq 0 ]; then
    echo "no fuzz target in $BUILD/fuzz"
    failed=1
  fi
  printf '%d passed, %d failed, 0 skipped\n' "$passed" "$failed"
  [ "$failed" -eq 0 ]
}

if [ "${1-}" = --one ]; then
  fuzz_one "$2"
  exit 0
fi

export RED='' GREEN='' PLAIN=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
  RED=$'\e[31m' GREEN=$'\e[32m' PLAIN=$'\e[0m'
fi

OUT=$(mktemp -d "${TMPDIR:-/tmp}/h3kit-fuzz.XXXXXX") || exit 1
export OUT
trap 'rm -rf "$OUT"' EXIT
trap 'exit 130' INT TERM

targets >"$OUT/targets"
mkdir "$OUT/seeds" && "$BUILD/seeds" "$OUT/seeds" || exit 1
xargs -r -n 1 -P "${JOBS:-2}" "$0" --one <"$OUT/targets"
report
