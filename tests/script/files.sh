#!/bin/bash
# Streams followed, content extracted, captures copied with other secrets
# inside, as seen from outside the program.

set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/support/try.sh
. tests/support/try.sh

BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
here=$PWD
dir=$(mktemp -d "${TMPDIR:-/tmp}/h3kit-files.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
unset SSLKEYLOGFILE NO_COLOR
export LC_ALL=C.UTF-8 TZ=UTC

cd "$dir" || exit 1
mkdir cap
"$BUILD/capgen" v1-long-body v3-retransmitted key-updates \
  v19-secrets-last conflicting-log crowd pcap pcap-big-endian-nanoseconds \
  pcapng-big-endian pcapng-sections pcapng-interfaces v15-no-handshake \
  v7-retry-new-hello v18-cut-aes-128 v6-early-aes no-quic cap || exit 1
cp "$here"/tests/captures/*.pcapng cap

# dump ARGUMENT...: the program.
dump() {
  "$BUILD/quicdump" "$@"
}

# keys_of CAPTURE: the options with which it opens.
keys_of() {
  [ -f "${1%.*}.keys" ] && printf '%s\n' -k "${1%.*}.keys"
}

# leaves STATUS WANTED ARGUMENT...: the program ends so, and WANTED, a regular
# expression, fits what it says on standard error.
leaves() {
  local want=$1 text=$2 status

  shift 2
  dump "$@" >leaves.out 2>leaves.err
  status=$?
  cat leaves.err
  if [ "$status" -ne "$want" ]; then
    echo "status $status, not $want"
    return 1
  fi
  grep -qE -- "$text" leaves.err || { echo "no line fits $text"; return 1; }
}

# same_opened CAPTURE: with the secrets that were used it opens like before, and
# shorter key logs come out.
same_opened() {
  local capture=$1 keys

  mapfile -t keys < <(keys_of "$capture")
  rm -f copy.pcapng
  dump -q --inject copy.pcapng "${keys[@]}" "$capture" || return 1
  dump -q --flat "${keys[@]}" "$capture" >want
  dump -q --flat copy.pcapng >got
  [ -s want ] && cmp want got
}

every_capture() {
  local capture bad=0

  for capture in cap/*.pcap cap/*.pcapng; do
    [ "$capture" = cap/no-quic.pcap ] && continue
    same_opened "$capture" || { echo "$capture differs"; bad=1; }
  done
  return "$bad"
}

# only_used: a key log with lines of others makes the same copy.
only_used() {
  dump -q --inject a.pcapng cap/handshake.pcapng || return 1
  printf '%s %064d %064d\n' CLIENT_TRAFFIC_SECRET_0 1 2 \
    SERVER_TRAFFIC_SECRET_0 1 3 >more.keys
  dump -q --inject b.pcapng -k more.keys cap/handshake.pcapng || return 1
  cmp a.pcapng b.pcapng
}

# twice: injecting again changes nothing.
twice() {
  dump -q --inject a.pcapng cap/pcapng-sections.pcapng &&
    dump -q --inject b.pcapng a.pcapng && cmp a.pcapng b.pcapng
}

# stripped: nothing of a secret is left, and put back it opens as before.
stripped() {
  dump -q --strip-secrets bare.pcapng cap/handshake.pcapng || return 1
  ! grep -qa TRAFFIC_SECRET bare.pcapng || return 1
  grep -a TRAFFIC_SECRET cap/handshake.pcapng | tr -d '\0' |
    grep -oaE '[A-Z_0-9]*SECRET[A-Z_0-9]* [0-9a-f]+ [0-9a-f]+' >back.keys
  [ -s back.keys ] || return 1
  cmp <(dump --flat -k back.keys bare.pcapng) \
    <(dump --flat cap/handshake.pcapng)
}

# piped: from standard input and to standard output it is the same.
piped() {
  dump -q --strip-secrets a.pcapng cap/pcapng-sections.pcapng &&
    dump -q --strip-secrets - - <cap/pcapng-sections.pcapng | cmp - a.pcapng
}

# strip_pcap: a pcap has none; the copy is the same file.
strip_pcap() {
  dump -q --strip-secrets a.pcap cap/pcap.pcap && cmp a.pcap cap/pcap.pcap
}

# with_display: the display is that without --inject.
with_display() {
  dump -v --inject a.pcapng cap/handshake.pcapng >got 2>err || return 1
  dump -v cap/handshake.pcapng >want
  cmp want got && grep -q 'a.pcapng: 4 secrets for 1 connection$' err &&
    dump --inject a.pcapng cap/handshake.pcapng 2>/dev/null >got && [ ! -s got ]
}

# body: the content that the scenario sends: 63 letters and a newline, 60000
# octets of them.
body() {
  awk 'BEGIN { for (i = 0; i * 64 < 60000; i++) {
    c = sprintf("%c", 97 + i % 26); s = ""
    for (j = 0; j < 63; j++) s = s c
    print s } }' | head -c 60000
}

extracted() {
  dump --extract out cap/v1-long-body.pcapng >shown 2>err || return 1
  [ ! -s shown ] && body | cmp - out/www.example.org_file &&
    grep -q 'extracted 1 file, 60 kB, into out$' err &&
    [ "$(stat -c %a out out/www.example.org_file | paste -s)" = "700	600" ] &&
    [ "$(cut -f 9-12 out/index.tsv | tail -n 1)" = \
      "60000	0	yes	www.example.org_file" ]
}

# extracted_again: what is there stays, the new ones get numbers.
extracted_again() {
  echo mine >out/www.example.org_file
  dump -q --extract out cap/v1-long-body.pcapng || return 1
  [ "$(cat out/www.example.org_file)" = mine ] &&
    body | cmp - out/www.example.org_file-2 && [ -f out/index-2.tsv ]
}

# incomplete: parts are named so.
incomplete() {
  dump --extract part cap/v3-retransmitted.pcapng 2>err || return 1
  ls part
  [ -f part/connection-0-stream-0.part ] && [ ! -f part/connection-0-stream-0 ] &&
    grep -q 'not complete (.part)' err &&
    grep -q '	260	50	no	connection-0-stream-0.part$' part/index.tsv
}

# disk_full: one line, and no half file under a whole name.
disk_full() {
  (
    ulimit -f 16
    trap '' XFSZ
    dump --extract full cap/v1-long-body.pcapng
  ) >shown 2>err
  [ $? -eq 2 ] || return 1
  cat err
  ls full
  [ "$(wc -l <err)" = 1 ] && grep -q 'full/www.example.org_file.part: ' err &&
    ! find full -type f ! -name '*.part' | grep .
}

# copy_full: a copy is there whole or not at all.
copy_full() {
  (
    ulimit -f 16
    trap '' XFSZ
    dump --inject small.pcapng cap/v1-long-body.pcapng
  ) 2>err
  [ $? -eq 2 ] && grep -q 'small.pcapng: File too large' err &&
    [ -z "$(find . -maxdepth 1 -name 'small*' -o -maxdepth 1 -name '.quic*')" ]
}

followed() {
  dump --follow 0:0:s cap/v1-long-body.pcapng | cmp - <(body) &&
    [ "$(dump --follow 0:0:c cap/v1-long-body.pcapng | od -c | head -n 1)" = \
      '0000000   G   E   T       /   f   i   l   e  \r  \n' ] &&
    [ "$(dump --follow 0:0 cap/v1-long-body.pcapng | head -n 4)" = \
      "client, 11 octets at 0.004000 s:
  GET /file
server, 60000 octets at 0.005000 s:
  $(body | head -n 1)" ]
}

# followed_once: repeated and overlapping frames give each octet once.
followed_once() {
  dump -q --follow 0:0:hex cap/v3-retransmitted.pcapng >got
  cat got
  grep -q '^\[.*50 octets not in the capture\]$' got
}

followed_holes() {
  dump --follow 0:0:s cap/v3-retransmitted.pcapng >got 2>err
  [ $? -eq 2 ] && [ "$(wc -c <got)" -gt 200 ] &&
    grep -q ' octets of stream 0 are not in the capture' err
}

followed_http() {
  dump --follow 0:0:s:http cap/handshake.pcapng >got || return 1
  head -n 5 got
  grep -q '^:status: 200$' got && grep -q '^content-type: text/html' got &&
    [ "$(sed '1,/^$/d' got | wc -c)" -ge 3000 ]
}

echo 1..33
try 'every capture opens with the secrets inside its copy' every_capture
try 'secrets that opened nothing stay outside' only_used
try 'a copy of a copy is the same' twice
try 'a stripped capture has no secrets, and all else' stripped
try 'stripping standard input' piped
try 'stripping a pcap copies it' strip_pcap
try 'a display goes with --inject, which has none of its own' with_display
try '--inject without secrets' leaves 1 'none.pcapng: 0 secrets for 0 conn' \
  --inject none.pcapng cap/no-quic.pcap
try '--inject of standard input' leaves 64 'reads the capture twice' \
  --inject x.pcapng -
try '--inject with -c' leaves 64 'leave -c out' \
  --inject x.pcapng -c 1 cap/handshake.pcapng
try '--inject live' leaves 64 'does not go with -i' --inject x.pcapng -i lo
try '--inject over its input' leaves 64 'give another name' \
  --inject cap/../cap/pcap.pcap cap/pcap.pcap
try '--strip-secrets over its input' leaves 64 'give another name' \
  --strip-secrets cap/pcap.pcap - <cap/pcap.pcap
try '--strip-secrets of what is no capture' leaves 2 'x.pcapng is not written' \
  --strip-secrets x.pcapng "$here/README.md"
try '--strip-secrets and more of standard input' leaves 64 'give a file' \
  --strip-secrets x.pcapng -v -
try 'content as a file' extracted
try 'nothing is written over' extracted_again
try 'incomplete content is named a part' incomplete
try 'a full disk, extracting' disk_full
try 'a full disk, copying' copy_full
try '--extract into a file' leaves 2 'err: Not a directory' \
  --extract err cap/handshake.pcapng
try '--extract of what is not there' leaves 2 'nowhere: No such file' \
  --extract unused nowhere
try '... leaves no directory' test ! -e unused
try 'a stream, raw and as text' followed
try 'each octet of it once' followed_once
try 'holes make a status when raw' followed_holes
try 'messages of HTTP/3' followed_http
try 'no such stream' leaves 1 'has no stream 12; there are 0, ' \
  --follow 0:12 cap/handshake.pcapng
try 'no such connection' leaves 1 'no connection 7; the only one is 0' \
  --follow 7:0 cap/handshake.pcapng
try 'nothing to follow' leaves 1 'no QUIC found' --follow 0:0 cap/no-quic.pcap
try 'a stream that is not readable' leaves 1 'see --why' \
  --follow 0:0 bare.pcapng
try 'a mistake in --follow' leaves 64 "'0:4:x': column 5: expected c" \
  --follow 0:4:x cap/handshake.pcapng
try '--follow with a filter' leaves 64 'leave --filter out' \
  --follow 0:4 --filter 'conn == 0' cap/handshake.pcapng
cd "$here" || exit 1
exit "$failed"
