#include "analysis/span.h"

#include <string.h>

void quic_span_clear(quic_span *span, const quic_mem *mem) {
  if (span->islands) {
    quic_rangeset_free(span->islands);
    quic_mem_free(mem, span->islands);
  }
  *span = (quic_span){0};
}

/* span_known counts the octets of [start, end) that are in the islands. */
static uint64_t span_known(const quic_rangeset *set, uint64_t start,
                           uint64_t end) {
  uint64_t known = 0;

  for (size_t i = quic_rangeset_seek(set, start);
       i < set->len && set->items[i].start < end; i++) {
    uint64_t from = set->items[i].start > start ? set->items[i].start : start;
    uint64_t to = set->items[i].end < end ? set->items[i].end : end;

    known += to > from ? to - from : 0;
  }
  return known;
}

/* span_join moves the prefix to |end| and over the islands that it reaches. */
static void span_join(quic_span *span, const quic_mem *mem, uint64_t end) {
  quic_rangeset *set = span->islands;
  size_t n = 0;

  if (end > span->prefix) {
    span->prefix = end;
  }
  if (!set) {
    return;
  }
  for (; n < set->len && set->items[n].start <= span->prefix; n++) {
    if (set->items[n].end > span->prefix) {
      span->prefix = set->items[n].end;
    }
  }
  if (n == set->len) {
    end = span->prefix;
    quic_span_clear(span, mem);
    span->prefix = end;
    return;
  }
  memmove(&set->items[0], &set->items[n],
          (set->len - n) * sizeof(set->items[0]));
  set->len -= n;
}

/* span_island notes [start, end) behind a hole. */
static bool span_island(quic_span *span, const quic_mem *mem, uint64_t start,
                        uint64_t end) {
  if (!span->islands) {
    span->islands = quic_mem_alloc(mem, sizeof(*span->islands));
    if (!span->islands) {
      return false;
    }
    quic_rangeset_init(span->islands, mem, QUIC_SPAN_ISLANDS_MAX);
  }
  if (quic_rangeset_add(span->islands, start, end) == 0) {
    return true;
  }
  if (span->islands->len) {
    span_join(span, mem, span->islands->items[0].start);
  }
  if (span->islands && start > span->prefix) {
    return quic_rangeset_add(span->islands, start, end) == 0;
  }
  return false;
}

uint64_t quic_span_add(quic_span *span, const quic_mem *mem, uint64_t start,
                       uint64_t end) {
  uint64_t known = 0;

  if (start >= end) {
    return 0;
  }
  if (start < span->prefix) {
    known = (end < span->prefix ? end : span->prefix) - start;
    start = span->prefix;
  }
  if (start >= end) {
    return known;
  }
  if (span->islands) {
    known += span_known(span->islands, start, end);
  }
  if (start > span->prefix && span_island(span, mem, start, end)) {
    return known;
  }
  span_join(span, mem, end);
  return known;
}
