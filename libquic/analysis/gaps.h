#ifndef QUIC_ANALYSIS_GAPS_H
#define QUIC_ANALYSIS_GAPS_H

/* quic_gaps are the numbers that an ascending sequence left out: a few ranges
   [start, end), the oldest forgotten when there are too many. */

#include "base/err.h"
#include "base/mem.h"
#include "base/rangeset.h"

#define QUIC_GAPS_MAX 128 /* ranges that are kept */

typedef struct quic_gaps {
  const quic_mem *mem;
  quic_range *items; /* ascending */
  uint32_t len;
  uint32_t cap;
  uint64_t total;     /* numbers in |items| */
  uint64_t forgotten; /* numbers in ranges that gave way */
} quic_gaps;

void quic_gaps_init(quic_gaps *gaps, const quic_mem *mem);
void quic_gaps_free(quic_gaps *gaps);

/* quic_gaps_push appends [start, end), which lies above all others.  Without
   memory the range counts as forgotten. */
void quic_gaps_push(quic_gaps *gaps, uint64_t start, uint64_t end);

/* quic_gaps_take removes what [start, end) covers and returns how many numbers
   that were.  Where a range would have to be split and there is no room, its
   smaller part is forgotten. */
uint64_t quic_gaps_take(quic_gaps *gaps, uint64_t start, uint64_t end);

#endif /* !defined(QUIC_ANALYSIS_GAPS_H) */
