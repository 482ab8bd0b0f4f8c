#!/bin/sh
# Installs the Debian packages that the build and the tests need and that are
# not there.  Silent when nothing is missing.
#
#   deps.sh        what `make all test asan` needs
#   deps.sh --ci   also the second compiler, its fuzzer runtime, and a library
#                  that a test compares with
#
# tshark is optional everywhere: the tests that compare with it say SKIP.

set -u

PKG_CONFIG=${PKG_CONFIG:-pkg-config}

# lib_missing MODULE PACKAGE: prints PACKAGE when pkg-config has no MODULE.
lib_missing() {
  "$PKG_CONFIG" --exists "$1" 2>/dev/null || printf ' %s' "$2"
}

tool_missing() {
  command -v "$1" >/dev/null 2>&1 || printf ' %s' "$2"
}

fuzzer_runtime() {
  for lib in /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a \
    /usr/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a; do
    if [ -e "$lib" ]; then
      return 0
    fi
  done
  return 1
}

missing() {
  tool_missing gcc gcc
  tool_missing make make
  tool_missing "$PKG_CONFIG" pkg-config
  # gcc only recommends the C library's headers.
  [ -e /usr/include/stdio.h ] || printf ' libc6-dev'
  if ! "$PKG_CONFIG" --exists gnutls libpcap ncursesw cmocka zlib \
    libzstd 2>/dev/null; then
    lib_missing gnutls libgnutls28-dev
    lib_missing libpcap libpcap-dev
    lib_missing ncursesw libncurses-dev
    lib_missing cmocka libcmocka-dev
    lib_missing zlib zlib1g-dev
    lib_missing libzstd libzstd-dev
  fi
  if [ "$1" = --ci ]; then
    tool_missing "${CLANG:-clang}" clang
    lib_missing json-c libjson-c-dev
    fuzzer_runtime || printf ' libclang-rt-dev'
  fi
}

fail() {
  echo "deps: $*" >&2
  exit 1
}

# The runtime must match the default clang; old releases have no such alias.
choose_runtime() {
  case " $1 " in
  *" libclang-rt-dev "*)
    if ! apt-cache show libclang-rt-dev >/dev/null 2>&1; then
      echo "$1" | sed 's/libclang-rt-dev/libclang-rt-14-dev/'
      return
    fi
    ;;
  esac
  echo "$1"
}

run_apt() {
  if [ -z "$sudo" ]; then
    env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
      -o DPkg::Lock::Timeout=120 "$@" </dev/null
  else
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
      -o DPkg::Lock::Timeout=120 "$@"
  fi >"$log" 2>&1
}

case "${1-}" in
'' | --ci) ;;
*) fail "usage: deps.sh [--ci]" ;;
esac

want=$(missing "${1-}")
want=${want# }
if [ -z "$want" ]; then
  exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
  fail "missing: $want (Debian's names; there is no apt-get here)"
fi

sudo=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    fail "missing: $want (not root, and there is no sudo)"
  fi
  # Nobody can type a password into a pipe.
  if [ -t 0 ]; then sudo="sudo"; else sudo="sudo -n"; fi
  echo "deps: not root, using sudo"
fi

log=$(mktemp "${TMPDIR:-/tmp}/deps.XXXXXX") || exit 1
trap 'rm -f "$log"' EXIT
trap 'exit 1' INT TERM

echo "deps: installing $want"
if ! run_apt update; then
  cat "$log" >&2
  echo "deps: apt-get update failed; trying the lists that are here" >&2
fi
want=$(choose_runtime "$want")
# shellcheck disable=SC2086 # a list of words
if ! run_apt install --no-install-recommends $want; then
  cat "$log" >&2
  fail "apt-get could not install $want"
fi

want=$(missing "${1-}")
want=${want# }
if [ -n "$want" ]; then
  fail "still missing after the installation: $want"
fi
