#ifndef QUIC_ANALYSIS_SPIRAL_H
#define QUIC_ANALYSIS_SPIRAL_H

/* The death spiral of a congestion controller that measures idleness from its
   last send: each ACK empties the flight, the next send takes that for idleness
   and moves the start of the recovery period ahead of its own time, so that the
   next ACK counts as one for a packet sent in recovery and the window stays at
   its floor, without a single loss.  Made out from send times, ACK times and
   the window alone. */

#include "analysis/findings.h"

typedef enum quic_spiral_step {
  QUIC_SPIRAL_SEND_ACK,   /* a flight of the whole window, its ACK */
  QUIC_SPIRAL_FALSE_IDLE, /* flight 0, true idleness about 0 */
  QUIC_SPIRAL_DELTA,      /* what the controller takes for idleness */
  QUIC_SPIRAL_RECOVERY,   /* its boundary lies ahead of the send time */
  QUIC_SPIRAL_STAGNATION, /* the ACK grows nothing */
  QUIC_SPIRAL_STEPS
} quic_spiral_step;

typedef struct quic_spiral {
  quic_time from, to;          /* the interval without loss at the floor */
  uint64_t record, last;       /* its first and last record */
  uint64_t window, floor, mds; /* octets */
  uint64_t cycles;             /* flights that an ACK emptied */
  uint64_t changes;            /* congestion states told; a pair is one cycle */
  quic_duration single;        /* mean period of a change */
  quic_duration pair;          /* of a cycle */
  quic_duration rtt;           /* smoothed, over the interval */
  uint64_t per_rtt;            /* cycles per RTT, thousandths */
  quic_duration delta; /* mean of what "now - last send" gives as idleness */
  quic_duration idle;  /* mean of the true one: now - last ACK */
  uint64_t ahead;      /* cycles whose recovery start, as computed, lies
                          ahead of the send */
  quic_duration recovery_ahead; /* C: its distance to the last send at the last
                                   loss */
  quic_duration gap; /* d: mean between the first and last packet of a
                        flight */
  uint64_t escape;   /* C / d: cycles until it ends by itself; QLOG_NONE
                        when d is below the log's resolution */
  bool escaped;      /* the window grew before the end of the trace */
  bool at_floor, in_recovery, empties; /* the three preconditions */
  struct {
    quic_time time;
    uint64_t record;         /* QLOG_NONE */
    uint64_t value;          /* octets or ns, by the step */
  } step[QUIC_SPIRAL_STEPS]; /* of one cycle in the middle */
} quic_spiral;

/* quic_findings_spiral returns the longest spiral, or NULL when there is none.
   Valid after quic_findings_end, as long as |f|. */
const quic_spiral *quic_findings_spiral(const quic_findings *f);

/* quic_spiral_explain writes one cycle in its five steps, with times (from
   |start|) and values, the preconditions, the escape and the cure. */
void quic_spiral_explain(const quic_spiral *s, quic_time start, quic_text *out);

#endif /* !defined(QUIC_ANALYSIS_SPIRAL_H) */
