# The notes in lines of quicdump, as capgen writes them: conn stream error.
# With texts=1: the connection and the whole note.
{
  n = split($0, part, "  ! ")
  for (i = 2; i <= n; i++) {
    sub(/  .*/, "", part[i])
    if (texts) {
      print $2, part[i]
      continue
    }
    stream = "-"
    if (part[i] ~ /^stream [0-9]+:/) {
      split(part[i], word, /[ :]/)
      stream = word[2]
    }
    sub(/.*: /, "", part[i])
    print $2, stream, part[i]
  }
}
