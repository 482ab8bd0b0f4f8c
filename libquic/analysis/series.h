#ifndef QUIC_ANALYSIS_SERIES_H
#define QUIC_ANALYSIS_SERIES_H

/* quic_series keeps the values of one quantity over time in bounded memory, so
   that any stretch of time can be drawn with its true minimum and maximum: all
   samples while they are few (QUIC_SERIES_EXACT), then buckets of first,
   minimum, maximum and last value whose width doubles when they are full, with
   coarser levels above them. */

#include "base/err.h"
#include "base/mem.h"
#include "base/time.h"

#define QUIC_SERIES_EXACT 32768   /* samples kept one by one */
#define QUIC_SERIES_BUCKETS 16384 /* leaves; a power of two */

typedef enum quic_series_kind {
  QUIC_SERIES_STEP, /* a value holds until the next: windows, limits */
  QUIC_SERIES_DOTS  /* a value is of its moment: RTT samples */
} quic_series_kind;

typedef struct quic_series quic_series;

/* quic_series_new makes an empty series, with no samples' memory yet.  Returns
   0 or QUIC_ERR_NOMEM. */
int quic_series_new(quic_series **out, const quic_mem *mem,
                    quic_series_kind kind) QUIC_MUST_USE;
void quic_series_del(quic_series *s);

/* quic_series_add appends |value| at |time|, which must not fall (an earlier
   one counts as the last).  Without memory the sample is lost and counted. */
void quic_series_add(quic_series *s, quic_time time, uint64_t value);

/* What is known of a stretch of time [from, to). */
typedef struct quic_series_span {
  bool any;     /* there is a value */
  bool sampled; /* a sample lies inside; else the value was carried in */
  uint64_t first, min, max, last;
  uint64_t samples;
} quic_series_span;

/* quic_series_get describes [from, to).  A STEP series has the value that held
   at |from| in it.  Exact when the stretch begins and ends on leaves
   (quic_series_leaf; 1 ns while all samples are kept), else the leaves at both
   edges count as a whole.  Cost: O(log buckets). */
void quic_series_get(const quic_series *s, quic_time from, quic_time to,
                     quic_series_span *out);

/* quic_series_at returns whether there is a value at |time| (STEP: the one that
   holds; DOTS: the last one before). */
bool quic_series_at(const quic_series *s, quic_time time, uint64_t *value);

uint64_t quic_series_count(const quic_series *s); /* samples added */
quic_duration quic_series_leaf(const quic_series *s);
uint64_t quic_series_lost(const quic_series *s);
size_t quic_series_memory(const quic_series *s); /* octets */

#endif /* !defined(QUIC_ANALYSIS_SERIES_H) */
