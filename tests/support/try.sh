# For test scripts that print TAP; to be sourced.

number=0
failed=0

# try NAME COMMAND...: one test; the output of a failed command is shown, as far
# as 40 lines go.
try() {
  local name=$1 said

  shift
  number=$((number + 1))
  if said=$("$@" 2>&1); then
    echo "ok $number - $name"
    return
  fi
  failed=1
  echo "not ok $number - $name"
  head -n 40 <<<"$said" | sed 's/^/# /'
}
