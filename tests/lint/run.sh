#!/bin/bash
# Checks what a compiler does not: layers, symbols, headers, tidiness.  Prints
# TAP; a failed check is followed by the lines that break it.
#
#   BUILD=dir  the build whose objects are looked at (build)

set -u
shopt -s nullglob
cd "$(dirname "$0")/../.." || exit 1

BUILD=${BUILD:-build}
CC=${CC:-gcc}
export LC_ALL=C.UTF-8

WIRE_LAYERS="base wire crypto qpack qlog capture analysis"
PROGRAMS="tools h3i qlogview pcap"

# Which folders a folder may include besides itself.
layer_allows() {
  local core="base wire" codecs="crypto qpack qlog capture"

  case $1 in
  base) ;;
  wire) echo base ;;
  crypto | qpack | qlog | capture) echo "$core" ;;
  analysis | tls) echo "$core $codecs" ;;
  transport) echo "$core $codecs analysis tls" ;;
  h3) echo "$core $codecs analysis tls transport" ;;
  io | sim) echo "$core $codecs analysis tls transport h3" ;;
  cli) echo "$core qlog analysis" ;;
  pcap) echo "$core $codecs analysis cli" ;;
  qlogview) echo "$core qlog analysis cli" ;;
  h3i | tools) echo "$core $codecs analysis tls transport h3 io sim cli" ;;
  esac
}

# sources FOLDER EXTENSION...: the folder's files, sorted.
sources() {
  local dir=$1 ext expr=()

  shift
  [ -d "$dir" ] || return 0
  for ext in "$@"; do
    expr+=(-o -name "*.$ext")
  done
  find "$dir" -type f \( "${expr[@]:1}" \) | sort
}

c_files() {
  local dir

  for dir in libquic $PROGRAMS tests share; do
    sources "$dir" c h
  done
}

shell_files() {
  local f

  find .ci libquic $PROGRAMS tests share -type f 2>/dev/null | sort |
    while read -r f; do
      case $f in
      *.sh | *.bash) echo "$f" ;;
      *.c | *.h | tests/fuzz/corpus/*) ;;
      *) head -c 64 "$f" | head -n 1 |
        grep -aqE '^#!.*\b(sh|bash|dash)$' && echo "$f" ;;
      esac
    done
}

includes_of() {
  grep -nE '^[[:space:]]*#[[:space:]]*include' "$1" |
    sed -E 's/^([0-9]+):[^<"]*(["<][^">]*).*/\1 \2/'
}

check_layers() {
  local dir layer f line name folder allowed

  for dir in libquic/* $PROGRAMS; do
    [ -d "$dir" ] || continue
    layer=${dir##*/}
    if [ "$layer" != base ] && [ -z "$(layer_allows "$layer")" ]; then
      echo "$dir: not a layer"
      continue
    fi
    allowed=" $(layer_allows "$layer") $layer "
    while read -r f; do
      while read -r line name; do
        folder=${name#?}
        folder=${folder%%/*}
        case $name in
        '"'*/*) [[ $allowed == *" $folder "* ]] ||
          echo "$f:$line: $layer must not see $folder" ;;
        '"'*) echo "$f:$line: spell the folder of $name\"" ;;
        '<gnutls/'*) [[ " crypto tls " == *" $layer "* ]] ||
          echo "$f:$line: only crypto and tls include GnuTLS" ;;
        '<pcap'*) [ "$layer" = pcap ] ||
          echo "$f:$line: only pcap includes libpcap" ;;
        esac
      done < <(includes_of "$f")
    done < <(sources "$dir" c h def)
  done
}

# What the sans-I/O core may take from the C library: functions of their
# arguments alone.
PURE='mem(cpy|move|set|cmp|chr|rchr|mem|pcpy)|rawmemchr|bcmp'
PURE+='|str(len|nlen|cmp|ncmp|casecmp|ncasecmp|chr|chrnul|rchr|str|spn|cspn)'
PURE+='|stpcpy|v?snprintf|qsort|bsearch|l?labs|abs|div|explicit_bzero'
PURE+='|(ceil|floor|sqrt|cbrt|pow|exp2?|log(2|10)?|fabs|fm(in|ax|od)|l?lround'
PURE+='|round|trunc|ldexp|frexp)f?'
FORTIFIED='__(mem(cpy|move|set|pcpy)|stpcpy|v?snprintf|explicit_bzero)_chk'
RUNTIME='__stack_chk_fail|__assert_fail|abort|_GLOBAL_OFFSET_TABLE_'
RUNTIME+='|__(asan|ubsan|lsan|tsan|sanitizer|gcov|llvm)_.*'

# The objects with a part of the outside world behind them, and which.
object_may() {
  case $1 in
  base/mem.o) echo 'malloc|calloc|realloc|free' ;;
  crypto/gnutls.o | crypto/cert.o) echo 'gnutls_.*' ;;
  *) echo 'nothing' ;;
  esac
}

wire_objects() {
  local layer f

  for layer in $WIRE_LAYERS; do
    for f in libquic/"$layer"/*.c; do
      echo "$BUILD/obj/${f%.c}.o"
    done
  done
}

check_symbols() {
  local object own name symbol form

  while read -r object; do
    if [ ! -f "$object" ]; then
      echo "$object: not built"
    fi
  done < <(wire_objects)
  own=$(wire_objects | xargs -r nm -g --defined-only 2>/dev/null |
    awk 'NF == 3 {print $3}' | sort -u)
  while read -r object; do
    [ -f "$object" ] || continue
    name=${object#"$BUILD"/obj/libquic/}
    form="^($PURE|$FORTIFIED|$RUNTIME|$(object_may "$name"))\$"
    nm -g --undefined-only "$object" | awk '{print $2}' | sort -u |
      comm -23 - <(echo "$own") | grep -vE "$form" |
      while read -r symbol; do
        echo "$name uses $symbol"
      done
  done < <(wire_objects)
}

check_top() {
  git ls-files | cut -d / -f 1 | sort -u | grep -vxE "$(
    tr ' ' '|' <<<"Makefile libquic $PROGRAMS tests share README.md LICENSE \
.ci .clang-format .gitignore" | sed 's/\./\\./g'
  )"
}

# guard_of HEADER: the include guard is the path in upper case; a folder whose
# names have a prefix of their own has that instead.
guard_of() {
  local path=$1

  path=${path/#libquic\//quic/}
  path=${path/#pcap\//qd/}
  path=${path/#qlogview\//qv/}
  path=${path%.h}_h
  path=${path//[^A-Za-z0-9]/_}
  echo "${path^^}"
}

check_guards() {
  local f guard

  while read -r f; do
    guard=$(guard_of "$f")
    if [ "$(grep -m 1 -E '^#' "$f")" != "#ifndef $guard" ] ||
      ! grep -qE "^#define $guard\$" "$f"; then
      echo "$f: the guard is not $guard"
    fi
  done < <(c_files | grep '\.h$')
}

# Twice, so that a guard that guards nothing shows.
check_alone() {
  local cflags

  # shellcheck disable=SC2046 # a list of modules
  cflags=$(pkg-config --cflags gnutls libpcap ncursesw cmocka 2>/dev/null)
  c_files | grep '\.h$' | xargs -r -P 2 -I @ bash -c '
    printf "#include \"%s\"\n#include \"%s\"\n" "$1" "$1" |
      $2 -std=c11 -D_GNU_SOURCE -Ilibquic -I. $3 -Wall -Wextra -Wpedantic \
        -Werror -fsyntax-only -x c - 2>&1' - @ "$CC" "$cflags"
}

check_width() {
  c_files | xargs -r grep -nE '^.{81}' /dev/null | cut -c 1-120
  c_files | xargs -r grep -nF $'\t' /dev/null | sed 's/$/  (a tab)/'
  c_files | xargs -r grep -nE '[[:space:]]+$' /dev/null |
    sed 's/$/  (blanks at the end)/'
}

check_marks() {
  local words='TO''DO|FIX''ME|XX''X|HA''CK'

  find Makefile README.md .ci libquic $PROGRAMS tests share -type f \
    ! -path 'tests/fuzz/corpus/*' 2>/dev/null | sort |
    xargs -r grep -InwE "$words" /dev/null
}

check_shell() {
  local f shell

  while read -r f; do
    shell=bash
    if head -n 1 "$f" | grep -qE '^#!.*[/ ]sh$'; then
      shell=sh
    fi
    "$shell" -n "$f" 2>&1
  done < <(shell_files)
}

number=0
failed=0

# check NAME FUNCTION: what the function prints is what is wrong.
check() {
  local bad

  number=$((number + 1))
  bad=$("$2")
  if [ -z "$bad" ]; then
    echo "ok $number - $1"
    return
  fi
  failed=1
  echo "not ok $number - $1"
  sed 's/^/# /' <<<"$bad"
}

pass_over() {
  number=$((number + 1))
  echo "ok $number - $1 # SKIP $2"
}

echo 1..8
check "includes obey the layers" check_layers
check "the core uses no symbol of the outside world" check_symbols
if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ]; then
  check "the top level holds what it should" check_top
else
  pass_over "the top level holds what it should" "not a git checkout"
fi
check "include guards are named after their path" check_guards
check "every header compiles alone" check_alone
check "no line above 80 columns, no tabs" check_width
check "no marks of unfinished work" check_marks
check "shell scripts parse" check_shell
exit "$failed"
