#ifndef TESTS_SUPPORT_LOGGEN_CC_H
#define TESTS_SUPPORT_LOGGEN_CC_H

/* Congestion controllers for loggen: good ones, and those whose faults qlogview
   has to find. */

#include "tests/support/loggen_types.h"

typedef enum lg_cc_kind {
  LG_CC_CUBIC,    /* RFC 9438: recovery boundary and epoch apart */
  LG_CC_RENO,     /* RFC 9002 */
  LG_CC_LASTSENT, /* one variable for both, idle counted from the last send:
                     the death spiral */
  LG_CC_NAIVE,    /* CUBIC that takes two full packets for an idle application
                   */
  LG_CC_FIXED,    /* never grows */
  LG_CC_COLLAPSE, /* falls to its minimum at each loss */
  LG_CC_PLATEAU   /* rate based; after an event its estimate stays low */
} lg_cc_kind;

typedef struct lg_cc {
  lg_cc_kind kind;
  uint64_t mds, min;
  double cwnd;
  double ssthresh; /* below 0: none yet */
  double w_max, w_est, k;
  bool recovered; /* |recovery| is set */
  bool in_recovery;
  quic_time recovery; /* start; LASTSENT: the epoch too */
  quic_time epoch;    /* LG_NONE: not set */
  quic_time last_sent, last_ack;
  double rate; /* PLATEAU: octets/s */
  double low;  /* PLATEAU: what is left of it after the event */
  quic_time low_at;
  quic_duration rtt, latest, min_rtt;
  bool careful; /* leaves slow start when round trips grow (RFC 9406) */
} lg_cc;

void lg_cc_init(lg_cc *cc, lg_cc_kind kind, uint64_t mds, uint64_t initial);
void lg_cc_sent(lg_cc *cc, quic_time now, uint64_t in_flight);

/* |limited|: the application had no more to send; |flight|: the most that was
   in flight in the last round trip. */
void lg_cc_acked(lg_cc *cc, quic_time now, quic_time sent, uint64_t size,
                 bool limited, uint64_t flight);
void lg_cc_lost(lg_cc *cc, quic_time now, quic_time sent);
void lg_cc_persistent(lg_cc *cc);

/* lg_cc_state names the state at |now| as qlogs do. */
const char *lg_cc_state(const lg_cc *cc, quic_time now);

#endif /* !defined(TESTS_SUPPORT_LOGGEN_CC_H) */
