#!/bin/bash
# Real clients against real servers, on loopback in a network namespace of our
# own: each run is captured with tcpdump, and quicdump must open every packet,
# from the file and live.  Prints TAP; SKIPs what is not installed.
#
#   BUILD=build tests/interop/run.sh [NAME...]

set -u
BUILD=$(cd "${BUILD:-build}" && pwd)
Q=$BUILD/quicdump
PORT=24433
n=0 passed=0 failed=0 skipped=0

ok() {
  n=$((n + 1)) passed=$((passed + 1))
  echo "ok $n - $*"
}
not_ok() {
  n=$((n + 1)) failed=$((failed + 1))
  echo "not ok $n - $*"
}
skip() { # name reason
  n=$((n + 1)) skipped=$((skipped + 1))
  echo "ok $n - $1 # SKIP $2"
}
finish() {
  echo "$passed passed, $failed failed, $skipped skipped"
  exit $((failed > 0))
}

if [ "${1:-}" != --inside ]; then
  for tool in gtlsserver gtlsclient tcpdump openssl ip; do
    if ! command -v $tool >/dev/null 2>&1; then
      skip "real peers" "$tool is not installed"
      finish
    fi
  done
  if ! unshare -n true 2>/dev/null; then
    skip "real peers" "a network namespace cannot be made (root?)"
    finish
  fi
  exec unshare -n bash "$0" --inside "$@"
fi
shift
unset SSLKEYLOGFILE
ip link set lo up
DIR=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$DIR"' EXIT
cd "$DIR" || exit 1
mkdir www
head -c 1000000 /dev/zero | tr '\0' x >www/1m
echo hello >www/small
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
  -subj /CN=localhost -keyout server.key -out server.pem 2>/dev/null

# serve COMMAND...: starts a server and waits for its port.
serve() {
  "$@" >server.log 2>&1 &
  server=$!
  for _ in $(seq 50); do
    grep -q " 0100007F:$(printf '%04X' $PORT) " /proc/net/udp && return
    sleep 0.05
  done
}

# one NAME SERVER-OPTIONS CLIENT-OPTIONS URIS: runs and checks one pair.
one() {
  local name=$1 server_opt=$2 client_opt=$3 uris=$4 report live
  if [ -n "${only:-}" ] && [[ " $only " != *" $name "* ]]; then
    return
  fi
  rm -f keys.log cap.pcap tcpdump.log live.log
  # shellcheck disable=SC2086
  serve gtlsserver -q --htdocs=www $server_opt 127.0.0.1 $PORT server.key \
    server.pem
  tcpdump -q -i lo -U --immediate-mode -B 65536 -s 0 -w cap.pcap udp >tcpdump.log 2>&1 &
  local dump=$!
  "$Q" -Z root -i lo -k keys.log --flat udp >live.flat 2>live.log &
  local lively=$!
  for _ in $(seq 50); do
    grep -q listening tcpdump.log && grep -q capturing live.log && break
    sleep 0.05
  done
  sleep 0.2
  for run in ${runs:-1}; do
    # shellcheck disable=SC2086
    SSLKEYLOGFILE=keys.log timeout 20 gtlsclient -q \
      --exit-on-all-streams-close $client_opt 127.0.0.1 $PORT $uris \
      >>client.log 2>&1 ||
      echo "# $name: the client ended with $?: $(tail -n 1 client.log)"
  done
  sleep 0.5
  kill -INT $dump $lively
  kill $server 2>/dev/null
  wait $dump $server $lively 2>/dev/null
  report=$("$Q" --why -k keys.log -r cap.pcap 2>&1)
  if [[ ($report == *"all opened"* ||
    ($name == negotiation && $report == *"1 not"*"unknown_version"*)) && $report != *"no line of a key log"* ]]; then
    ok "$name: $(head -n 1 <<<"$report")"
  else
    not_ok "$name: not all opened"
    sed 's/^/# /' <<<"$report" | head -n 30
    [ -n "${KEEP:-}" ] && cp cap.pcap "$KEEP/$name.pcap" &&
      cp keys.log "$KEEP/$name.keys"
  fi
  live=$("$Q" -q --flat -k keys.log -r cap.pcap | grep '^P' | cut -d' ' -f4- |
    sort | md5sum)
  if [ "$(grep '^P' live.flat | awk '$7 != "-" || $4 == "retry" || $4 == "vn" || $4 == "?"' |
    cut -d' ' -f4- | sort | md5sum)" = "$live" ]; then
    ok "$name: live shows the same packets as the file"
  else
    not_ok "$name: live differs from the file ($(grep -c '^P' live.flat) against $("$Q" -q --flat -k keys.log -r cap.pcap | grep -c '^P') packets)"
    [ -n "${KEEP:-}" ] && cp live.flat "$KEEP/$name.live" && cp cap.pcap "$KEEP/$name.pcap" && cp keys.log "$KEEP/$name.keys"
  fi
}

only=$*
U=https://localhost:$PORT
one handshake "" "" "$U/small"
one bulk-gso "" "" "$U/1m $U/1m $U/1m"
one bulk-nogso "--max-gso-dgrams=1" "" "$U/1m"
one retry "-V --max-gso-dgrams=1" "" "$U/small"
one version2 "--max-gso-dgrams=1" "-v v2draft" "$U/small"
one upgrade "--preferred-versions=v2draft --max-gso-dgrams=1" "--preferred-versions=v2draft,v1 --other-versions=v2draft,v1" "$U/1m"
one negotiation "--max-gso-dgrams=1" "-v 0x1a2a3a4a --preferred-versions=v1" "$U/small"
one aes256 "--max-gso-dgrams=1" "--ciphers=NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM" "$U/1m"
one chacha20 "" "--ciphers=NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+CHACHA20-POLY1305" "$U/1m"
one ccm "--ciphers=NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-CCM" "--ciphers=NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-CCM" "$U/small"
one key-update "--max-gso-dgrams=1" "--key-update=20ms --delay-stream=200ms" "$U/1m"
one migration "" "--change-local-addr=50ms --delay-stream=200ms" "$U/1m"
one rebinding "" "--change-local-addr=50ms --nat-rebinding --delay-stream=200ms" "$U/1m"
one empty-cids "" "--scid= --change-local-addr=50ms --nat-rebinding --delay-stream=200ms" "$U/1m"
one empty-cids-gso "" "--scid=" "$U/1m"
one loss "-t 0.05 -r 0.05" "-t 0.05 -r 0.05" "$U/1m"
runs="1 2" one resumption "" "--session-file=session --tp-file=params" "$U/small"
one many "--max-gso-dgrams=1" "-n 2000" "$U/small"
finish
