#!/bin/bash
# qpackcat and the library against the QPACK offline interop corpus.  Prints TAP
# and the sizes compared.  The corpus is looked for at H3KIT_CORPUS (default
# ../shared/corpus); without it there is one SKIP.
#
#   tests/qpack/run.sh      a sample, in a few seconds
#   tests/qpack/run.sh all  every file and every setting

set -u
cd "$(dirname "$0")/../.." || exit 1

BUILD=${BUILD:-build}
CORPUS=${H3KIT_CORPUS:-../shared/corpus}/qpack
CAT=$BUILD/qpackcat
if [ ! -d "$CORPUS/qifs" ]; then
  printf '1..1\nok 1 - QPACK corpus # SKIP no corpus at %s\n' "$CORPUS"
  exit 0
fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/h3kit-qpack.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
number=0
failed=0
settings=$(echo {256,4096}.{0,100}.1)
every=5
if [ "${1-}" = all ]; then
  settings=$(echo {0,256,512,4096}.{0,100}.{0,1})
  every=1
fi

# result STATUS NAME: one test; $dir/said is shown when it failed.
result() {
  number=$((number + 1))
  if [ "$1" -eq 0 ]; then
    echo "ok $number - $2"
    return
  fi
  failed=1
  echo "not ok $number - $2"
  sed 's/^/# /' "$dir/said"
}

# decodes FILE QIF: FILE decodes to the header lists of QIF.
decodes() {
  "$CAT" decode "$1" >"$dir/got" 2>"$dir/said" || return 1
  grep -v '^#' "$2" >"$dir/want"
  cmp "$dir/got" "$dir/want" >>"$dir/said" 2>&1
}

# octets FILE: what its payloads have.
octets() {
  "$CAT" decode --stats -o /dev/null "$1" 2>&1 |
    sed -n 's/^octets \([0-9]*\) .*/\1/p'
}

# refused FILE PATTERN: one line on standard error that fits, status 2.
refused() {
  "$CAT" decode "$1" >"$dir/got" 2>"$dir/said"
  [ $? -eq 2 ] && [ "$(wc -l <"$dir/said")" -eq 1 ] && grep -q "$2" "$dir/said"
}

count=0
for who in nghttp3 ls-qpack; do
  for file in "$CORPUS/encoded/qpack-05/$who"/*.out.*; do
    count=$((count + 1))
    [ $((count % every)) -eq 0 ] || continue
    name=${file##*/}
    decodes "$file" "$CORPUS/qifs/${name%%.out.*}.qif"
    result $? "$who's $name"
  done
done
decodes "$CORPUS/encoded/qpack-05/draft-examples.out" \
  "$CORPUS/qifs/draft-examples.qif"
result $? "draft-examples.out"
# RFC 9204 appendix B, less its stream 0, which is not to be told apart here.
printf '%s\t%s\n' :path /index.html >"$dir/rfc.qif"
printf '\n%s\t%s\n' :authority www.example.com >>"$dir/rfc.qif"
printf '%s\t%s\n' :path /sample/path >>"$dir/rfc.qif"
printf '\n%s\t%s\n' :authority www.example.com >>"$dir/rfc.qif"
printf '%s\t%s\n' :path / >>"$dir/rfc.qif"
printf '%s\t%s\n\n' custom-key custom-value >>"$dir/rfc.qif"
decodes "$CORPUS/encoded/qpack-05/examples/examples.out.220.100.1" \
  "$dir/rfc.qif"
result $? "examples.out.220.100.1"

# What each file of errors/ breaks.
while read -r name pattern; do
  refused "$CORPUS/encoded/errors/$name" "$pattern"
  result $? "errors/$name: $pattern"
done <<'EOF'
err1 the section ends in its prefix
err2 the section ends in its prefix
err3 the section ends in its prefix
err4 the Base is negative
err5 the section ends in a field line
err6 the section ends in a field line
err7 the section ends in a field line
err8 the section ends in a field line
err11 an entry that is not in the table is referred to
err12 the encoder stream ends in an instruction
EOF
# Static entries 0 and 62: a table of drafts did not have them, RFC 9204 has.
printf ':authority\t\n\n' >"$dir/err9.qif"
printf 'x-xss-protection\t1; mode=block\n\n' >"$dir/err10.qif"
for name in err9 err10; do
  decodes "$CORPUS/encoded/errors/$name" "$dir/$name.qif"
  result $? "errors/$name is right since RFC 9204"
done

# What we write comes back, and is about as small as others make it: each file
# at most 1.25 of the better of the two, all of one setting at most 1.10.
for setting in $settings; do
  IFS=. read -r capacity blocked ack <<<"$setting"
  ours=0 ng=0 ls=0 status=0 worst=0
  : >"$dir/sizes"
  for qif in fb-req fb-resp netbsd; do
    name=$qif.out.$setting
    "$CAT" encode -c "$capacity" -b "$blocked" -a "$ack" -o "$dir/$name" \
      "$CORPUS/qifs/$qif.qif" 2>"$dir/said" &&
      decodes "$dir/$name" "$CORPUS/qifs/$qif.qif" || status=1
    a=$(octets "$dir/$name")
    b=$(octets "$CORPUS/encoded/qpack-05/nghttp3/$name")
    c=$(octets "$CORPUS/encoded/qpack-05/ls-qpack/$name")
    best=$((b < c ? b : c))
    ours=$((ours + a)) ng=$((ng + b)) ls=$((ls + c))
    worst=$((a * 1000 / best > worst ? a * 1000 / best : worst))
    echo "$name: $a, nghttp3 $b, ls-qpack $c" >>"$dir/sizes"
  done
  best=$((ng < ls ? ng : ls))
  if [ "$worst" -gt 1250 ] || [ $((ours * 100)) -gt $((best * 110)) ]; then
    cat "$dir/sizes" >>"$dir/said"
    status=1
  fi
  result $status "encode $setting: $ours octets, nghttp3 $ng, ls-qpack $ls"
done

# The library by itself: pieces, late feedback, the rules of the encoder.
"$BUILD/qpackcorpus" "$CORPUS" >"$dir/said" 2>&1
status=$?
[ "$status" -eq 0 ] && ! grep -q '^not ok' "$dir/said"
status=$?
grep -A 1 '^not ok' "$dir/said" >"$dir/bad"
count=$(grep -c '^ok' "$dir/said")
mv "$dir/bad" "$dir/said"
result $status "$count checks of pieces, feedback and the encoder's rules"
echo "1..$number"
exit $failed
