#ifndef QUIC_ANALYSIS_PLATEAU_H
#define QUIC_ANALYSIS_PLATEAU_H

/* quic_plateau finds a sender that a model of the path holds back: without a
   loss, with data to send, far below what was delivered before, and growing by
   less than the slowest controller would. */

#include "analysis/picture.h"

#define QUIC_PLATEAU_ROUNDS 20
#define QUIC_PLATEAU_TIME QUIC_SECOND
#define QUIC_PLATEAU_PART 3 /* of the best rate: one in so many */
#define QUIC_PLATEAU_SLOT (20 * QUIC_MILLISECOND) /* shortest measurement */

typedef struct quic_plateau_found {
  quic_time from, to;
  uint64_t record, last;
  uint64_t rate, best; /* delivered, bit/s */
  uint64_t window;     /* octets, at the end */
  uint64_t pacing;     /* bit/s; QLOG_NONE */
  quic_duration rtt;
} quic_plateau_found;

typedef struct quic_plateau {
  /* the slot under way */
  quic_time slot;       /* its begin; QUIC_TIME_NEVER */
  quic_duration length; /* of it */
  uint64_t delivered;   /* octets, at its begin */
  uint64_t sent;        /* packets, at its begin */
  uint64_t lost;        /* packets, at its begin */
  uint64_t flight;      /* most octets in flight in it */
  uint64_t window_max;  /* told so far */
  uint64_t best;        /* rate */
  /* the stretch under way */
  bool open;
  quic_time from;
  uint64_t record;
  uint64_t base;   /* best rate when it began */
  uint64_t octets; /* delivered since */
  uint64_t window; /* at its begin */
  uint64_t first;  /* rate of its first slots, smoothed */
  uint64_t recent; /* and of the latest ones */
  uint64_t slots;
} quic_plateau;

void quic_plateau_init(quic_plateau *pl);

/* quic_plateau_event takes an event after |p| took it.  Returns whether a
   plateau ended there, described in |*out|. */
bool quic_plateau_event(quic_plateau *pl, const quic_picture *p,
                        const qlog_event *e, quic_plateau_found *out);
bool quic_plateau_end(quic_plateau *pl, const quic_picture *p,
                      quic_plateau_found *out);

#endif /* !defined(QUIC_ANALYSIS_PLATEAU_H) */
