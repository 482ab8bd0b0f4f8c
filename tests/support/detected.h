#ifndef TESTS_SUPPORT_DETECTED_H
#define TESTS_SUPPORT_DETECTED_H

/* What is found in a connection that a test tells: a server that sends one
   stream, seen by itself or from the middle. */

#include "analysis/findings.h"
#include "tests/support/events.h"

#define DETECTED_MDS 1350
#define DETECTED_RTT (20 * QUIC_MILLISECOND) /* of the handshake */

typedef struct detected {
  qlog_sink sink;
  events ev;
  quic_analysis *a;
  quic_findings *f;
  bool network;
  bool ended;
  uint64_t next;   /* packet number of the server */
  uint64_t offset; /* of its stream */
  uint64_t ack;    /* packet number of the client */
  uint64_t acked;  /* all below are acknowledged */
} detected;

/* detected_begin makes analysis and findings with |mem|, and tells a handshake.
   Returns 0 or QUIC_ERR_NOMEM. */
int detected_begin(detected *d, const quic_mem *mem, bool network);
void detected_free(detected *d);

/* detected_parameters hands on recovery_parameters_set: 1350 octets a packet, a
   floor of two. */
void detected_parameters(detected *d);

/* detected_send sends |n| full packets, |gap| apart. */
void detected_send(detected *d, unsigned n, quic_duration gap);

/* detected_ack acknowledges [from, to] with a delay of |delay|;
   detected_ack_all all that was sent since the last call. */
void detected_ack(detected *d, uint64_t from, uint64_t to, quic_duration delay);
void detected_ack_all(detected *d);

/* detected_lost tells a packet_lost. */
void detected_lost(detected *d, uint64_t number);

/* detected_metrics tells what is not QLOG_NONE. */
void detected_metrics(detected *d, uint64_t cwnd, uint64_t flight,
                      quic_duration latest, quic_duration smoothed);
void detected_state(detected *d, const char *name);
void detected_event(detected *d, const qlog_event *e);
void detected_after(detected *d, quic_duration t);

/* detected_round sends |n| packets |gap| apart and acknowledges them all
   together |rtt| after the first. */
void detected_round(detected *d, unsigned n, quic_duration gap,
                    quic_duration rtt);

/* detected_end ends the trace now. */
void detected_end(detected *d);

/* detected_find returns the |nth| finding of |id| that is determinable, or
   NULL; detected_fact a fact of it, QLOG_NONE without one. */
const quic_finding *detected_find(const detected *d, quic_finding_id id,
                                  unsigned nth);
uint64_t detected_fact(const quic_finding *found, const char *name);

#endif /* !defined(TESTS_SUPPORT_DETECTED_H) */
