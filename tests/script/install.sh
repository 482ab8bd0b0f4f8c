#!/bin/bash
# Installs into an empty folder, builds against that, uninstalls.

set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/support/try.sh
. tests/support/try.sh

BUILD=${BUILD:-build}
CC=${CC:-gcc}
PREFIX=/opt/place
dest=$(mktemp -d "${TMPDIR:-/tmp}/h3kit-install.XXXXXX") || exit 1
trap 'rm -rf "$dest"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

run_make() {
  make -s BUILD="$BUILD" CC="$CC" PREFIX="$PREFIX" DESTDIR="$dest/root" "$@"
}

# installed prints the files, relative to PREFIX.
installed() {
  (cd "$dest/root$PREFIX" && find . -type f | sed 's|^\./||' | sort)
}

has() {
  installed | grep -qx "$1" || {
    echo "$1 is missing; there is:"
    installed
    return 1
  }
}

every_header() {
  local f

  for f in libquic/*/*.h libquic/*/*.def; do
    case $f in libquic/cli/*) continue ;; esac # of the programs
    [ ! -e "$f" ] || has "include/h3kit/${f#libquic/}" || return 1
  done
}

every_page() {
  local f name

  for f in share/man/*.1; do
    [ ! -e "$f" ] || has "share/man/man1/${f##*/}" || return 1
  done
  for f in share/completions/*.bash; do
    name=${f##*/}
    [ ! -e "$f" ] ||
      has "share/bash-completion/completions/${name%.bash}" || return 1
  done
}

# A library that was built with sanitizers needs them in who links it.
sanitizers() {
  if nm "$dest/root$PREFIX/lib/libquicwire.a" 2>/dev/null |
    grep -q __asan_init; then
    echo "-fsanitize=address,undefined"
  fi
}

pc() {
  PKG_CONFIG_SYSROOT_DIR=$dest/root \
    PKG_CONFIG_PATH=$dest/root$PREFIX/lib/pkgconfig \
    "${PKG_CONFIG:-pkg-config}" "$@" libquic
}

builds() {
  cat >"$dest/user.c" <<'EOF'
#include <stdio.h>
#include "base/err.h"
int main(void) { return puts(quic_err_text(QUIC_ERR_NOMEM)) < 0; }
EOF
  # From another folder: only what is installed is to be found.
  # shellcheck disable=SC2046 # lists of words
  (cd "$dest" && "$CC" -std=c11 $(pc --cflags) user.c \
    $(sanitizers) $(pc --libs) -o user) &&
    [ "$("$dest/user")" = "out of memory" ]
}

same_version() {
  [ "$(pc --modversion)" = "$(sed -n 's/^VERSION := //p' Makefile)" ]
}

nothing_left() {
  local left

  [ -d "$dest/root" ] || return 1
  left=$(find "$dest/root" ! -type d -o -name h3kit)
  [ -z "$left" ] || {
    echo "$left"
    return 1
  }
}

keeps_others() {
  mkdir -p "$dest/root$PREFIX/include/h3kit/base" &&
    touch "$dest/root$PREFIX/include/h3kit/base/other.h" &&
    run_make uninstall &&
    [ -e "$dest/root$PREFIX/include/h3kit/base/other.h" ]
}

echo 1..10
try "make install" run_make install
try "quicdump runs from there" "$dest/root$PREFIX/bin/quicdump" --version
try "qpackcat runs from there" "$dest/root$PREFIX/bin/qpackcat" --version
try "every header is there" every_header
try "the pages and completions are there" every_page
try "libquic.pc tells the version" same_version
try "a program builds against it" builds
try "make uninstall" run_make uninstall
try "nothing is left" nothing_left
try "uninstall leaves files of others" keeps_others
exit "$failed"
