#include "base/rangeset.h"

#include <string.h>

void quic_rangeset_init(quic_rangeset *set, const quic_mem *mem, size_t limit) {
  memset(set, 0, sizeof(*set));
  set->mem = mem;
  set->limit = limit;
}

void quic_rangeset_free(quic_rangeset *set) {
  quic_mem_free(set->mem, set->items);
  set->items = NULL;
  set->len = set->cap = 0;
}

size_t quic_rangeset_seek(const quic_rangeset *set, uint64_t value) {
  size_t lo = 0, hi = set->len;

  /* Most additions append. */
  if (hi && set->items[hi - 1].end < value) {
    return hi;
  }
  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;

    if (set->items[mid].end < value) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  return lo;
}

int quic_rangeset_add(quic_rangeset *set, uint64_t start, uint64_t end) {
  size_t first, last;
  int rv;

  if (start >= end) {
    return 0;
  }
  first = quic_rangeset_seek(set, start);
  for (last = first; last < set->len && set->items[last].start <= end;) {
    last++;
  }
  if (first == last) {
    if (set->len >= set->limit) {
      return QUIC_ERR_LIMIT;
    }
    rv = quic_mem_grow(set->mem, (void **)&set->items, &set->cap, set->len + 1,
                       sizeof(set->items[0]));
    if (rv != 0) {
      return rv;
    }
    memmove(&set->items[first + 1], &set->items[first],
            (set->len - first) * sizeof(set->items[0]));
    set->items[first] = (quic_range){start, end};
    set->len++;
    return 0;
  }
  if (set->items[first].start < start) {
    start = set->items[first].start;
  }
  if (set->items[last - 1].end > end) {
    end = set->items[last - 1].end;
  }
  set->items[first] = (quic_range){start, end};
  memmove(&set->items[first + 1], &set->items[last],
          (set->len - last) * sizeof(set->items[0]));
  set->len -= last - first - 1;
  return 0;
}

bool quic_rangeset_has(const quic_rangeset *set, uint64_t value) {
  quic_range gap;

  return value != UINT64_MAX && !quic_rangeset_gap(set, value, value + 1, &gap);
}

bool quic_rangeset_gap(const quic_rangeset *set, uint64_t start, uint64_t end,
                       quic_range *gap) {
  size_t i = quic_rangeset_seek(set, start);

  if (i < set->len && set->items[i].end == start) {
    i++;
  }
  if (i < set->len && set->items[i].start <= start) {
    start = set->items[i].end;
    i++;
  }
  if (start >= end) {
    return false;
  }
  gap->start = start;
  gap->end =
      i < set->len && set->items[i].start < end ? set->items[i].start : end;
  return true;
}
