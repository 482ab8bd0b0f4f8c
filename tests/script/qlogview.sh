#!/bin/bash
# qlogview as a whole: what it says to a command line that makes no sense (status
# 64 and why, and nothing on standard output), where its octets may come from and
# go to, and its exit statuses.

set -u
cd "$(dirname "$0")/../.." || exit 1

BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
dir=$(mktemp -d "${TMPDIR:-/tmp}/h3kit-qlogview.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
printf '\036{"qlog_version":"0.3","qlog_format":"JSON-SEQ","trace":{}}\n' \
  >"$dir/x.sqlog"

number=0
failed=0

# refused WORDS OPTION...: qlogview OPTION... is a mistake; it says WORDS.
refused() {
  local want=$1 status

  shift
  number=$((number + 1))
  "$BUILD/qlogview" "$@" >"$dir/out" 2>"$dir/err" </dev/null
  status=$?
  if [ "$status" -eq 64 ] && [ ! -s "$dir/out" ] && grep -qF -- "$want" \
    "$dir/err"; then
    echo "ok $number - qlogview ${*##*/}"
    return
  fi
  failed=1
  echo "not ok $number - qlogview ${*##*/}"
  echo "# status $status"
  sed 's/^/# /' "$dir/err"
}

# result STATUS NAME: the test NAME passed when STATUS is 0.
result() {
  number=$((number + 1))
  if [ "$1" -eq 0 ]; then
    echo "ok $number - $2"
    return
  fi
  failed=1
  echo "not ok $number - $2"
  sed 's/^/# /' "$dir/err" | head -n 5
}

# ends STATUS NAME OPTION...: qlogview OPTION... leaves with STATUS.
ends() {
  local want=$1 name=$2 status

  shift 2
  "$BUILD/qlogview" "$@" >"$dir/out" 2>"$dir/err" </dev/null
  status=$?
  [ "$status" -eq "$want" ]
  result $? "$name"
}

x=$dir/x.sqlog
refused 'give a qlog'
refused 'give a directory or files' scan
refused 'compare takes two files' compare "$x"
refused "explain takes 'spiral'" explain idleness "$x"
refused 'one thing to show at a time' --close --stats "$x"
refused 'a format is' --format=xml "$x"
refused '--findings has no csv' --findings=csv "$x"
refused '--findings has no csv' --findings --format=csv "$x"
refused 'this has no json' --summary --format=json "$x"
refused 'this has no csv' --requests --format=csv "$x"
refused 'this has no csv' compare --format=csv "$x" "$x"
refused 'sarif is a format of --findings' scan --format=sarif "$x"
refused 'junit is a format of scan' --findings=junit "$x"
refused 'two times in seconds' -t 3,2 --close "$x"
refused 'two times in seconds' --slice 2 "$x"
refused '--slice copies records as they are' --slice 1,2 --compat "$x"
refused 'auto, always or never' --color=some "$x"
refused '-f follows one file' -f "$x" "$x"


# Where the octets come from.
slow=$PWD/tests/qlogs/slow.sqlog.zst
alert=$PWD/tests/qlogs/alert.sqlog
events() {
  "$BUILD/qlogview" --events --format=json "$@" 2>"$dir/err"
}
events "$alert" >"$dir/plain"
[ "$(wc -l <"$dir/plain")" -eq 20 ]
result $? "20 events of a file"
events - <"$alert" | cmp -s - "$dir/plain"
result $? "the same from standard input"
gzip -c "$alert" >"$dir/alert.gz"
events "$dir/alert.gz" | cmp -s - "$dir/plain"
result $? "the same from gzip"
cat "$dir/alert.gz" | events - | cmp -s - "$dir/plain"
result $? "the same from gzip in a pipe"
head -c 900 "$dir/alert.gz" >"$dir/cut.gz"
events "$dir/cut.gz" >"$dir/cut"
[ -s "$dir/cut" ] && head -n "$(wc -l <"$dir/cut")" "$dir/plain" |
  cmp -s - "$dir/cut"
result $? "what is there of a cut gzip file"
ends 2 "not a qlog" README.md
grep -qF 'no qlog' "$dir/err"
result $? "and says so"
ends 2 "not there" "$dir/nothing"
ends 2 "a key log" --close tests/script/qlogview.sh
printf '{"log":{"entries":[]}}' >"$dir/x.har"
ends 2 "an HTTP archive" "$dir/x.har"
grep -qF 'HAR file' "$dir/err"
result $? "by its name"

# A file that grows is followed until a signal, and then concluded.
head -c 3000 "$alert" >"$dir/grows"
"$BUILD/qlogview" -f --events "$dir/grows" >"$dir/out" 2>"$dir/err" &
pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
  sleep 0.2
  [ -s "$dir/out" ] && break
done
before=$(wc -l <"$dir/out")
tail -c +3001 "$alert" >>"$dir/grows"
for _ in 1 2 3 4 5 6 7 8 9 10; do
  sleep 0.2
  [ "$(wc -l <"$dir/out")" -ge 19 ] && break
done
kill -INT "$pid"
wait "$pid"
[ "$before" -gt 0 ] && [ "$before" -lt 19 ] && [ "$(wc -l <"$dir/out")" -eq 20 ]
result $? "a file that grows is followed"

# Where they go to.
"$BUILD/qlogview" --events "$slow" 2>"$dir/err" | head -n 1 >"$dir/out"
status=${PIPESTATUS[0]}
[ "$status" -eq 2 ] && [ ! -s "$dir/err" ]
result $? "a closed pipe ends it quietly"
"$BUILD/qlogview" --events "$slow" >/dev/full 2>"$dir/err"
[ $? -eq 2 ] && grep -qF 'No space left' "$dir/err"
result $? "a full disk is told"
"$BUILD/qlogview" --convert -o /dev/full "$slow" 2>"$dir/err"
[ $? -eq 2 ] && grep -qF 'No space left' "$dir/err"
result $? "a full disk is told with -o"
ends 2 "nothing is written of what cannot be read" --convert -o "$dir/new" \
  README.md
[ ! -e "$dir/new" ]
result $? "and no file is left"

# What was found.
ends 1 "findings" --findings "$slow"
ends 0 "no findings outside the window" --findings -t 0,0.01 "$slow"
ends 1 "explained" explain spiral "$slow"
ends 0 "nothing to explain" explain spiral "$alert"
ends 1 "scan" scan tests/qlogs
ends 0 "valid" --validate "$alert"
ends 64 "--filter that is none" --events --filter 'colour == red' "$alert"
ends 0 "views" --print=list
ends 0 "series" --csv=list
ends 64 "no such view" --print colours "$alert"
echo "1..$number"
exit "$failed"
