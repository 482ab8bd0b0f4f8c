#include "tests/support/loggen_ranges.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lg_ranges_add(lg_ranges *s, uint64_t lo, uint64_t hi) {
  size_t i = s->n, end;

  if (lo >= hi) {
    return;
  }
  while (i > 0 && s->r[i - 1].hi >= lo) {
    i--;
  }
  for (end = i; end < s->n && s->r[end].lo <= hi; end++) {
    lo = s->r[end].lo < lo ? s->r[end].lo : lo;
    hi = s->r[end].hi > hi ? s->r[end].hi : hi;
  }
  if (s->n == s->cap) {
    s->cap = s->cap ? 2 * s->cap : 16;
    s->r = realloc(s->r, s->cap * sizeof(*s->r));
    if (!s->r) {
      perror("loggen");
      exit(1);
    }
  }
  memmove(s->r + i + 1, s->r + end, (s->n - end) * sizeof(*s->r));
  s->n = s->n - end + i + 1;
  s->r[i] = (lg_range){lo, hi};
}

lg_range lg_ranges_take(lg_ranges *s, uint64_t max) {
  lg_range got = {0, 0};

  if (s->n == 0) {
    return got;
  }
  got = s->r[0];
  if (got.hi - got.lo > max) {
    got.hi = got.lo + max;
    s->r[0].lo = got.hi;
  } else {
    memmove(s->r, s->r + 1, --s->n * sizeof(*s->r));
  }
  return got;
}

bool lg_ranges_has(const lg_ranges *s, uint64_t lo, uint64_t hi) {
  for (size_t i = s->n; i-- > 0;) {
    if (s->r[i].lo <= lo) {
      return s->r[i].hi >= hi;
    }
  }
  return lo >= hi;
}

uint64_t lg_ranges_prefix(const lg_ranges *s) {
  return s->n > 0 && s->r[0].lo == 0 ? s->r[0].hi : 0;
}

void lg_ranges_keep(lg_ranges *s, size_t max) {
  if (s->n > max) {
    memmove(s->r, s->r + s->n - max, max * sizeof(*s->r));
    s->n = max;
  }
}

void lg_ranges_free(lg_ranges *s) {
  free(s->r);
  memset(s, 0, sizeof(*s));
}
