#!/bin/bash
# The README's examples are true: each command in a block that begins with
# ```console is run from the top of the tree, and must print what it says there.
# A line "..." there stands for any lines, and " ..." at the end of a line for
# any rest of it.

set -u
cd "$(dirname "$0")/../.." || exit 1

BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
PAGE=${1:-README.md}
dir=$(mktemp -d "${TMPDIR:-/tmp}/h3kit-readme.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
unset SSLKEYLOGFILE NO_COLOR
export PATH="$BUILD:$PATH" LC_ALL=C.UTF-8 TZ=UTC

# Splits the page: N.line, N.command and N.want for each example.
awk -v dir="$dir" '
  function close_all() {
    if (n) close(dir "/" n ".command")
    if (n) close(dir "/" n ".want")
  }
  /^```console$/ { inside = 1; command = ""; next }
  /^```/ { inside = 0; next }
  !inside { next }
  more { print > (dir "/" n ".command"); more = /\\$/; next }
  /^\$ / {
    close_all()
    n++
    print NR > (dir "/" n ".line")
    print substr($0, 3) > (dir "/" n ".command")
    printf "" > (dir "/" n ".want")
    more = /\\$/
    next
  }
  n { print > (dir "/" n ".want") }
  END { print n + 0 }' "$PAGE" >"$dir/count" || exit 1

# differs WANT GOT: prints the first wanted line that is not there, nothing when
# all fits.
differs() {
  awk '
    function fits(want, got) {
      if (want ~ / \.\.\.$/) {
        want = substr(want, 1, length(want) - 4)
        return substr(got, 1, length(want)) == want
      }
      return want == got
    }
    # Whether lines a to b of the page stand in the output from line at on.
    function here(a, b, at,   i) {
      for (i = a; i <= b; i++) {
        if (at + i - a > ngot || !fits(want[i], got[at + i - a])) {
          missing = want[i]
          return 0
        }
      }
      return 1
    }
    FNR == 1 { file++ }
    file == 1 && FILENAME == ARGV[1] { want[++nwant] = $0; next }
    { got[++ngot] = $0 }
    END {
      at = 1
      for (a = 1; a <= nwant; a = b + 2) {
        for (b = a; b <= nwant && want[b] != "..."; b++) {
        }
        b--
        start = a > 1 # behind a cut it may begin anywhere
        last = b == nwant
        if (last && start) {
          at = ngot - (b - a) > at ? ngot - (b - a) : at
        }
        while (!here(a, b, at)) {
          if (!start || last || ++at > ngot) {
            print missing
            exit
          }
        }
        at += b - a + 1
        if (last && at != ngot + 1) {
          print "nothing more than " (at - 1) " lines, there are " ngot
          exit
        }
      }
    }' "$1" "$2"
}

count=$(cat "$dir/count")
failed=0
if [ "$count" -eq 0 ]; then
  echo "1..1"
  echo "not ok 1 - $PAGE has examples"
  exit 1
fi
echo "1..$count"
for ((i = 1; i <= count; i++)); do
  name="$PAGE line $(cat "$dir/$i.line"): $(head -n 1 "$dir/$i.command")"
  bash -o pipefail "$dir/$i.command" >"$dir/$i.got" 2>&1 </dev/null
  if [ ! -s "$dir/$i.want" ]; then
    bad=$([ -s "$dir/$i.got" ] && echo "no output")
  elif [ ! -s "$dir/$i.got" ]; then
    bad=$(head -n 1 "$dir/$i.want")
  else
    bad=$(differs "$dir/$i.want" "$dir/$i.got")
  fi
  if [ -z "$bad" ]; then
    echo "ok $i - $name"
    continue
  fi
  failed=1
  echo "not ok $i - $name"
  printf '# wanted: %s\n' "$bad"
  sed 's/^/# got: /' "$dir/$i.got" | head -n 60
done
exit "$failed"
