#ifndef QUIC_ANALYSIS_SPAN_H
#define QUIC_ANALYSIS_SPAN_H

/* quic_span tells which octets of an ordered sequence were seen: all before a
   prefix, and some islands behind holes. */

#include "base/rangeset.h"

#define QUIC_SPAN_ISLANDS_MAX                                                  \
  32 /* more holes than that are taken as filled                               \
      */

typedef struct quic_span {
  uint64_t prefix;        /* all octets below were seen */
  quic_rangeset *islands; /* beyond it; NULL = none */
} quic_span;

/* quic_span_add notes [start, end) and returns how many of its octets had been
   seen before.  Without memory for islands, the hole before them is taken as
   filled. */
uint64_t quic_span_add(quic_span *span, const quic_mem *mem, uint64_t start,
                       uint64_t end);

/* quic_span_clear forgets all and releases what was allocated. */
void quic_span_clear(quic_span *span, const quic_mem *mem);

#endif /* !defined(QUIC_ANALYSIS_SPAN_H) */
