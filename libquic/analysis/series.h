#ifndef QUIC_ANALYSIS_SERIES_H
#define QUIC_ANALYSIS_SERIES_H

/* quic_series keeps the values of one quantity over time in bounded memory, so
   that any stretch of time can be drawn with its true minimum and maximum: all
   samples while they are few (QUIC_SERIES_EXACT), then leaves of first,
   minimum, maximum and last value whose width doubles when they are full.
   Above either are coarser levels.  A leaf begins at a multiple of its width.
   Once a value needs 64 bits instead of 32, half as many of either are kept, so
   that the memory stays the same. */

#include "base/err.h"
#include "base/mem.h"
#include "base/time.h"

#define QUIC_SERIES_EXACT 32768   /* samples kept one by one */
#define QUIC_SERIES_BUCKETS 16384 /* leaves; a power of two */
#define QUIC_SERIES_OCTETS_MAX                                                 \
  (420 * 1024) /* of one, but for the moment in which its form changes */

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
  uint64_t samples; /* inside */
} quic_series_span;

/* quic_series_get describes [from, to); |to| QUIC_TIME_NEVER is no end.  A STEP
   series has in it the value that held until |from|.  Exact when the stretch
   begins and ends on leaves, multiples of quic_series_leaf; else the leaves at
   both edges count as a whole.  Cost: O(log QUIC_SERIES_BUCKETS). */
void quic_series_get(const quic_series *s, quic_time from, quic_time to,
                     quic_series_span *out);

/* quic_series_at returns whether there is a value at |time| (STEP: the one that
   holds; DOTS: the last one before), and stores it.  It may be a later one of
   the same leaf. */
bool quic_series_at(const quic_series *s, quic_time time, uint64_t *value);

/* quic_series_reach stores the times of the first and the last sample; false:
   there is none. */
bool quic_series_reach(const quic_series *s, quic_time *first, quic_time *last);

uint64_t quic_series_count(const quic_series *s);     /* samples kept */
quic_duration quic_series_leaf(const quic_series *s); /* 1 = all samples */
uint64_t quic_series_lost(const quic_series *s);
size_t quic_series_memory(const quic_series *s); /* octets */

#endif /* !defined(QUIC_ANALYSIS_SERIES_H) */
