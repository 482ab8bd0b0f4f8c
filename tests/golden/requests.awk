# What `quicdump --http` prints, as capgen writes it:
#   conn stream method status sent received url
# A duration is "-" or two words.
NR > 1 {
  status = $6
  i = 6
  for (n = 0; n < 2; n++) {
    i += $(i + 1) == "-" ? 1 : 2
  }
  print $2, $3, $5, status, $(i + 1), $(i + 2), $(i + 4)
}
