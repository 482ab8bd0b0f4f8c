#ifndef QUIC_ANALYSIS_GATE_H
#define QUIC_ANALYSIS_GATE_H

/* quic_gate watches one limit of flow control (RFC 9000 §4): how long its
   sender stood before it, and how late it was raised.  A sender that stops at a
   limit may have had nothing more to send; so a wait counts when the sender
   says that it is blocked, or goes on as soon as the limit is raised. */

#include "analysis/stretch.h"

typedef struct quic_gate {
  uint64_t value, limit; /* used, allowed; QLOG_NONE = not known */
  uint64_t start;        /* value at the last raise */
  quic_time half;        /* half of what was allowed then was used */
  quic_time full;        /* the limit was reached; QUIC_TIME_NEVER */
  uint64_t full_record;
  quic_time raised; /* after |full|, waiting to be confirmed */
  uint64_t raised_record;
  uint64_t old_limit; /* before the last raise, for who receives */
  bool told;          /* the sender says it is blocked */
} quic_gate;

/* A wait that counts. */
typedef struct quic_wait {
  quic_stretch at;
  quic_duration late; /* from half used to the raise; 0 = not known */
} quic_wait;

/* How a gate is seen. */
typedef struct quic_gate_view {
  quic_time now;
  uint64_t record;
  uint64_t slack;     /* so close to the limit nothing more fits */
  quic_duration srtt; /* 0 = unknown */
  bool remote;        /* the waiting side is the other one */
} quic_gate_view;

void quic_gate_init(quic_gate *g);

/* quic_gate_told: the sender says that it is blocked. */
void quic_gate_told(quic_gate *g, const quic_gate_view *v);

/* quic_gate_untold: it says that it is not any more.  Returns whether that ends
   a wait, |*out|. */
bool quic_gate_untold(quic_gate *g, const quic_gate_view *v, quic_wait *out);

/* quic_gate_step takes what is used and allowed now.  Returns whether a wait
   ended, |*out|. */
bool quic_gate_step(quic_gate *g, uint64_t value, uint64_t limit,
                    const quic_gate_view *v, quic_wait *out);

/* quic_gate_open ends the wait that lasts at |v->now|; |unfinished| tells that
   the sender had more to send.  Returns whether there is one. */
bool quic_gate_open(const quic_gate *g, bool unfinished,
                    const quic_gate_view *v, quic_wait *out);

#endif /* !defined(QUIC_ANALYSIS_GATE_H) */
