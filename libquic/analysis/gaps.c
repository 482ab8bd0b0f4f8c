#include "analysis/gaps.h"

#include <string.h>

void quic_gaps_init(quic_gaps *gaps, const quic_mem *mem) {
  *gaps = (quic_gaps){.mem = mem};
}

void quic_gaps_free(quic_gaps *gaps) {
  quic_mem_free(gaps->mem, gaps->items);
  gaps->items = NULL;
  gaps->len = gaps->cap = 0;
}

static void gaps_remove(quic_gaps *gaps, uint32_t first, uint32_t n) {
  memmove(&gaps->items[first], &gaps->items[first + n],
          (gaps->len - first - n) * sizeof(gaps->items[0]));
  gaps->len -= n;
}

/* gaps_room makes room for one range more, unless there are enough. */
static bool gaps_room(quic_gaps *gaps) {
  size_t cap = gaps->cap;

  if (gaps->len >= QUIC_GAPS_MAX ||
      quic_mem_grow(gaps->mem, (void **)&gaps->items, &cap, gaps->len + 1,
                    sizeof(gaps->items[0])) != 0) {
    return false;
  }
  gaps->cap = (uint32_t)cap;
  return true;
}

static void gaps_forget(quic_gaps *gaps, uint64_t n) {
  gaps->forgotten += n;
  gaps->total -= n;
}

void quic_gaps_push(quic_gaps *gaps, uint64_t start, uint64_t end) {
  if (start >= end) {
    return;
  }
  gaps->total += end - start;
  if (gaps->len == QUIC_GAPS_MAX) {
    gaps_forget(gaps, gaps->items[0].end - gaps->items[0].start);
    gaps_remove(gaps, 0, 1);
  }
  if (!gaps_room(gaps)) {
    gaps_forget(gaps, end - start);
    return;
  }
  gaps->items[gaps->len++] = (quic_range){start, end};
}

/* gaps_seek returns the first range that ends above |value|. */
static uint32_t gaps_seek(const quic_gaps *gaps, uint64_t value) {
  uint32_t lo = 0, hi = gaps->len;

  while (lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2;

    if (gaps->items[mid].end <= value) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  return lo;
}

/* gaps_split takes [start, end) out of the middle of range |i|. */
static void gaps_split(quic_gaps *gaps, uint32_t i, uint64_t start,
                       uint64_t end) {
  quic_range *r;

  if (gaps_room(gaps)) {
    r = &gaps->items[i];
    memmove(r + 1, r, (gaps->len - i) * sizeof(*r));
    gaps->len++;
    r[0].end = start;
    r[1].start = end;
    return;
  }
  r = &gaps->items[i];
  if (start - r->start < r->end - end) {
    gaps_forget(gaps, start - r->start);
    r->start = end;
  } else {
    gaps_forget(gaps, r->end - end);
    r->end = start;
  }
}

uint64_t quic_gaps_take(quic_gaps *gaps, uint64_t start, uint64_t end) {
  uint64_t taken = 0;
  uint32_t i, first;

  if (gaps->len == 0 || start >= end ||
      gaps->items[gaps->len - 1].end <= start) {
    return 0;
  }
  i = gaps_seek(gaps, start);
  if (i < gaps->len && gaps->items[i].start < start &&
      gaps->items[i].end > end) {
    gaps->total -= end - start;
    gaps_split(gaps, i, start, end);
    return end - start;
  }
  if (i < gaps->len && gaps->items[i].start < start) {
    taken += gaps->items[i].end - start;
    gaps->items[i++].end = start;
  }
  for (first = i; i < gaps->len && gaps->items[i].end <= end; i++) {
    taken += gaps->items[i].end - gaps->items[i].start;
  }
  if (i < gaps->len && gaps->items[i].start < end) {
    taken += end - gaps->items[i].start;
    gaps->items[i].start = end;
  }
  gaps_remove(gaps, first, i - first);
  gaps->total -= taken;
  return taken;
}
