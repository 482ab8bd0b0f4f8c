#!/bin/bash
# What the qlog writer writes is qlog: every event and every frame with all
# fields, against the drafts' tables in tests/qlog/check.py.  The checker itself
# must find what is wrong, and agree with other people's qlogs.
#
#   H3KIT_CORPUS=dir  captures and qlogs of others (../shared/corpus)

set -u
cd "$(dirname "$0")/../.." || exit 1

BUILD=${BUILD:-build}
CORPUS=${H3KIT_CORPUS:-../shared/corpus}
CHECK="python3 tests/qlog/check.py"
dir=$(mktemp -d "${TMPDIR:-/tmp}/h3kit-qlog.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT

if ! command -v python3 >/dev/null; then
  echo "1..0 # SKIP python3 is not installed"
  exit 0
fi

number=0
failed=0

# report NAME STATUS: one line of TAP, and what was said when it failed.
report() {
  number=$((number + 1))
  if [ "$2" -eq 0 ]; then
    echo "ok $number - $1"
    return
  fi
  failed=1
  echo "not ok $number - $1"
  sed 's/^/# /' "$dir/said" | head -n 20
}

# ok NAME COMMAND...: it must succeed; wrong: it must find problems.
ok() {
  local name=$1

  shift
  "$@" >"$dir/said" 2>&1
  report "$name" $?
}

wrong() {
  local name=$1

  shift
  "$@" >"$dir/said" 2>&1
  report "$name" $(($? != 1))
}

# mutated NAME SED-COMMAND: a copy of the good file with one thing changed, which
# must differ and must not pass.
mutated() {
  sed -E "$2" "$dir/all.sqlog" >"$dir/bad.sqlog"
  if cmp -s "$dir/all.sqlog" "$dir/bad.sqlog"; then
    echo "nothing changed" >"$dir/said"
    report "$1" 1
    return
  fi
  wrong "$1" $CHECK "$dir/bad.sqlog"
}

"$BUILD/qlogwrite" "$dir/all.sqlog" || exit 1
"$BUILD/qlogwrite" --raw 5 "$dir/raw.sqlog" || exit 1
"$BUILD/qlogwrite" --compat "$dir/all.qlog" || exit 1
"$BUILD/qlogwrite" --compat --raw 5 "$dir/raw.qlog" || exit 1

ok "every event and frame is the drafts'" $CHECK "$dir/all.sqlog"
ok "so they are with octets of payload" $CHECK "$dir/raw.sqlog"
ok "the old format has what its readers look at" \
  $CHECK --compat "$dir/all.qlog" "$dir/raw.qlog"
ok "a file in the old format can be cut" python3 - "$dir/all.qlog" <<'PY'
import json, sys
whole = open(sys.argv[1], "rb").read()
events = json.loads(whole)["traces"][0]["events"]
for cut in range(len(whole) // 2, len(whole), len(whole) // 50):
    lines = whole[:cut].split(b"\n")[1:-1]
    assert [json.loads(x.rstrip(b",")) for x in lines] == events[:len(lines)]
    assert len(lines) > 10
PY

mutated "a field that no draft has is found" 's/"ack_delay":/"ack_dely":/'
mutated "a missing field is found" '/stream_state_upd/s/"new":"open",//'
mutated "a wrong type is found" 's/"key_phase":3/"key_phase":"x"/'
mutated "an unknown name is found" 's/"pto_expired"/"pto_gone"/'
mutated "an unknown event is found" 's/quic:timer_updated/quic:timer_update/'
mutated "an odd hexstring is found" 's/"scid":"aabb/"scid":"abb/'
mutated "a number above its range is found" \
  's/"extended_connect":1/"extended_connect":65536/'
mutated "an error of the wrong space is found" \
  's/"error_space":"transport","error":"no_error"/"error_space":"transport","error":"http_no_error"/'
mutated "a code of a known error is found" \
  's/"error":"no_error"/"error":"no_error","error_code":0/'
mutated "a field of another packet type is found" \
  's/"packet_type":"handshake"/"packet_type":"retry"/'
mutated "time that goes back is found" 's/"time":4\.5,/"time":999,/'
mutated "a field that is there twice is found" 's/"count":2/"count":2,"count":2/'
mutated "a cut record is found" '$s/.$//'
mutated "a record without its separator is found" '3s/^.//'
mutated "a head without schemas is found" 's/"event_schemas"/"schemas"/'
mutated "a late schema is found" \
  '1s/"file_schema":("[^"]*"),(.*)\}$/\2,"file_schema":\1}/'
sed 's/"transport:packet_sent"/"quic:packet_sent"/' "$dir/all.qlog" \
  >"$dir/bad.qlog"
wrong "a new name in the old format is found" $CHECK --compat "$dir/bad.qlog"

other=$CORPUS/qlog/synthetic/draft14_every_event.sqlog
if [ -f "$other" ]; then
  ok "somebody else's qlog of every event passes" \
    $CHECK --allow quic:frames_processed "$other"
else
  number=$((number + 1))
  echo "ok $number - somebody else's qlog of every event passes # SKIP" \
    "no $other"
fi
echo "1..$number"
exit "$failed"
