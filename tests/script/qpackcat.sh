#!/bin/bash
# qpackcat's command line: what it prints, refuses and completes.

set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/support/try.sh
. tests/support/try.sh

BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
CAT=$BUILD/qpackcat
dir=$(mktemp -d "${TMPDIR:-/tmp}/h3kit-qpackcat.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
# shellcheck source=/dev/null
. share/completions/qpackcat.bash
cd "$dir" || exit 1
# gives STATUS WANT COMMAND...: its status, and its standard output.
gives() {
  local status=$1 want=$2 got

  shift 2
  got=$("$@" 2>err)
  [ $? -eq "$status" ] && [ "$got" = "$want" ] && return
  echo "got: $got"
  cat err
  return 1
}

# complains PATTERN STATUS COMMAND...: one line on standard error fits.
complains() {
  local pattern=$1 status=$2

  shift 2
  "$@" >out 2>err
  [ $? -eq "$status" ] && [ "$(wc -l <err)" -eq 1 ] && grep -q -- "$pattern" err
}

# usage WORD...: a mistake on the command line.
usage() {
  "$CAT" "$@" >out 2>err
  [ $? -eq 64 ] && [ ! -s out ] && grep -q '^[^ ]*qpackcat: ' err
}

# block ID HEX: a block of an encoded file.
block() {
  local hex

  printf -v hex '%016x%08x%s' "$1" $((${#2} / 2)) "$2"
  printf '%b' "$(sed 's/../\\x&/g' <<<"$hex")"
}

there_and_back() {
  printf ':path\t/\nx\ty z\t\n\n# comment\n\n:path\t/a\n\n' >a.qif
  "$CAT" encode "$@" -o a.out a.qif && "$CAT" decode --strict a.out >b.qif &&
    grep -v '^#' a.qif | awk 'NF || last; { last = NF }' | cmp - b.qif
}

standard_input() {
  "$CAT" encode - <a.qif | "$CAT" decode - | cmp - b.qif
}

from_name() {
  { block 0 3fe11f && block 4 0000c1; } >x.out.4096.0.0
  cp x.out.4096.0.0 x.out.100.0.0
  "$CAT" decode x.out.4096.0.0 >/dev/null && ! "$CAT" decode x.out.100.0.0 &&
    "$CAT" decode -c 4096 x.out.100.0.0
}

odd_octets() {
  # A name "#a<tab>", a value "b<lf>c"
  block 4 00002323610903620a63 >odd.out
  "$CAT" decode odd.out >odd.qif 2>err
  [ $? -eq 1 ] && [ "$(wc -l <err)" -eq 1 ] &&
    printf '\\x23a\\x09\tb\\x0ac\n\n' | cmp - odd.qif
}

orders() {
  { block 8 0000c1 && block 4 020080 && block 0 3fbd0141610131; } >late.out
}

offered() {
  COMP_WORDS=(qpackcat "$@")
  COMP_CWORD=$#
  COMPREPLY=()
  _qpackcat 2>&1
  printf '%s\n' "${COMPREPLY[@]}" | sort | paste -s -d '|'
}

every_option() {
  local option

  for option in $("$CAT" --help | grep -oE -- '--[a-z-]+' | sort -u); do
    case "|$(offered "$option")|" in
    *"|$option|"* | *"|$option=|"*) ;;
    *) echo "$option is not offered" && return 1 ;;
    esac
  done
}

cd "$dir" || exit 1
orders
export LC_ALL=C.UTF-8
echo 1..25
try "there and back" there_and_back
try "without Huffman code" there_and_back --plain
try "without a table" there_and_back -c 0
try "standard input" standard_input
try "limits from the file's name" from_name
try "what no QIF can carry" odd_octets
try "the order of streams" gives 0 $'a\t1\n\n:path\t/' "$CAT" decode late.out
try "dump" gives 0 'S 8 required 0 base 0 octets 3 -> 38
F 8 indexed static 1: ":path" = "/"
E 0+3 set capacity 220
E 3+4 insert literal -> 0: "a" = "1"
S 4 required 1 base 1 octets 3 -> 34 blocked
F 4 indexed dynamic 0: "a" = "1"' "$CAT" dump late.out
try "stats" grep -q '^octets 13 = sections 6 + encoder stream 7' \
  <("$CAT" decode --stats late.out 2>&1 >out)
try "no such file" complains 'none.out: No such file' 2 "$CAT" decode none.out
try "no output" complains 'cannot/be: ' 2 "$CAT" decode -o cannot/be late.out
try "a full disk" complains 'No space' 2 "$CAT" decode -o /dev/full late.out
head -c 20 late.out >cut.out
try "a cut block" complains 'block 2 at 15: the file ends in the head' 2 \
  "$CAT" decode cut.out
head -c 29 late.out >cut.out
try "cut octets" complains 'block 2 at 15: the file ends in a block' 2 \
  "$CAT" decode cut.out
head -c 30 late.out >cut.out
try "insertions that never come" complains 'at the end 1 stream waits' 2 \
  "$CAT" decode cut.out
try "too many blocked" complains 'QPACK_DECOMPRESSION_FAILED: more streams' 2 \
  "$CAT" decode -b 0 late.out
printf 'no tab\n' >bad.qif
try "no QIF" complains 'bad.qif: line 1: no tab' 2 "$CAT" encode bad.qif
try "no command" usage
try "no file" usage decode
try "another command" usage list late.out
try "a bad number" usage decode -c 1x late.out
try "every option is offered" every_option
touch y.qif
try "commands are offered" [ "$(offered d)" = 'decode|dump' ]
try "QIFs for encode" [ "$(offered encode y)" = 'y.qif' ]
try "values" [ "$(offered --ack = '')" = '0|1' ]
exit "$failed"
