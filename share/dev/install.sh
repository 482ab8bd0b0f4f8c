#!/bin/sh
# Installs or uninstalls what was built.  `make install` calls it with PREFIX,
# DESTDIR, BUILD, VERSION, PROGRAMS and HEADERS in the environment.  Both
# directions walk the same list, so that uninstall removes exactly that.

set -eu
cd "$(dirname "$0")/../.."

: "${PREFIX:?}" "${BUILD:?}" "${VERSION:?}" "${PROGRAMS?}" "${HEADERS?}"
DESTDIR=${DESTDIR-}
case $PREFIX in
/*) ;;
*)
  echo "install: PREFIX must be absolute: $PREFIX" >&2
  exit 1
  ;;
esac

# each_file ACTION calls ACTION MODE SOURCE TARGET for every file; targets are
# relative to PREFIX.
each_file() {
  for f in $PROGRAMS; do
    "$1" 755 "$BUILD/$f" "bin/$f"
  done
  for f in share/man/*.1; do
    [ -e "$f" ] && "$1" 644 "$f" "share/man/man1/${f##*/}"
  done
  for f in share/completions/*.bash; do
    [ -e "$f" ] || continue
    name=${f##*/}
    "$1" 644 "$f" "share/bash-completion/completions/${name%.bash}"
  done
  for f in $HEADERS; do
    "$1" 644 "$f" "include/h3kit/${f#libquic/}"
  done
  "$1" 644 "$BUILD/libquicwire.a" lib/libquicwire.a
  "$1" 644 "$pc" lib/pkgconfig/libquic.pc
  if [ -d share/doc ]; then
    for f in $(cd share/doc && find . -type f | sort); do
      "$1" 644 "share/doc/${f#./}" "share/doc/h3kit/${f#./}"
    done
  fi
}

put() {
  mkdir -p "$root/$(dirname "$3")"
  install -m "$1" "$2" "$root/$3"
}

take() {
  rm -f "$root/$3"
}

# The folders that are ours alone go with their last file; shared ones stay.
take_folders() {
  for dir in include/h3kit share/doc/h3kit; do
    if [ -d "$root/$dir" ]; then
      find "$root/$dir" -depth -type d -empty -delete
    fi
  done
}

# The library is static only, so who links it always needs GnuTLS as well;
# Requires.private and --static would ask for GnuTLS' own libraries too.
write_pc() {
  cat <<EOF
prefix=$PREFIX
includedir=\${prefix}/include
libdir=\${prefix}/lib

Name: libquic
Description: QUIC, HTTP/3 and QPACK without I/O: wire formats and protection
Version: $VERSION
Requires: gnutls
Libs: -L\${libdir} -lquicwire
Cflags: -I\${includedir}/h3kit
EOF
}

root=${DESTDIR%/}${PREFIX%/}
pc=
case ${1-} in
install)
  pc=$(mktemp "${TMPDIR:-/tmp}/libquic.XXXXXX")
  trap 'rm -f "$pc"' EXIT
  write_pc >"$pc"
  each_file put
  ;;
uninstall)
  each_file take
  take_folders
  ;;
*)
  echo "usage: install.sh install|uninstall" >&2
  exit 2
  ;;
esac
