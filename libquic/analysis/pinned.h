#ifndef QUIC_ANALYSIS_PINNED_H
#define QUIC_ANALYSIS_PINNED_H

/* quic_pinned finds stretches of time without a loss in which a sender that has
   data sends one minimum window after the other, each ACK empties the flight,
   and the window stays where it is.  Beside them runs what
   a controller with the idle rule "lastsent" would take for the start of its
   recovery period. */

#include "analysis/flights.h"
#include "analysis/spiral.h"

#define QUIC_PINNED_ROUNDS 20 /* round trips that a stretch must last */
#define QUIC_PINNED_TIME                                                       \
  (250 * QUIC_MILLISECOND) /* at least; longer than BBR's                      \
                              stay at its floor (200 ms) */
#define QUIC_PINNED_CYCLES 10

typedef struct quic_pinned {
  quic_flights flights;
  /* the historic controller */
  quic_time last_send;
  quic_time start; /* of recovery, as it computes; QUIC_TIME_NEVER */
  quic_duration recovery_ahead;
  bool lost; /* there was a loss */
  /* the stretch under way */
  bool open;
  bool told;       /* its window was */
  uint64_t states; /* p->states at its begin */
  uint64_t odd;    /* cycles that were not full, or late */
  uint64_t fins;
  uint64_t gaps, begun; /* flights: emptied, begun after another */
  quic_duration rtt_sum, gap_sum, delta_sum, idle_sum;
  uint64_t keep; /* cycle whose steps are kept next */
  bool keeping;  /* its later steps are to come */
  quic_spiral now;
} quic_pinned;

void quic_pinned_init(quic_pinned *pin);

/* quic_pinned_event takes an event after |p| took it.  Returns whether a
   stretch ended there that is long and regular enough to tell of, described in
   |*out|. */
bool quic_pinned_event(quic_pinned *pin, const quic_picture *p,
                       const qlog_event *e, quic_spiral *out);

/* quic_pinned_end ends the stretch under way with the trace. */
bool quic_pinned_end(quic_pinned *pin, const quic_picture *p, quic_spiral *out);

#endif /* !defined(QUIC_ANALYSIS_PINNED_H) */
