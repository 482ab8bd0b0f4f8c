#ifndef QUIC_ANALYSIS_RECOVERY_H
#define QUIC_ANALYSIS_RECOVERY_H

/* quic_recovery follows loss recovery (RFC 9002) of both sides from where the
   events were recorded: what is in flight in each packet number space, and the
   round trips, in two shares where the vantage point lies between. */

#include "analysis/rtt.h"
#include "analysis/sent.h"

/* What transport parameters say about time. */
typedef struct quic_recovery_limits {
  quic_duration max_ack_delay;
  unsigned ack_delay_exponent;
} quic_recovery_limits;

typedef struct quic_recovery {
  const quic_mem *mem;
  qlog_sink *inferred;                      /* NULL = nobody listens */
  int endpoint;                             /* quic_side where the vantage point
                                               is; unknown: between */
  quic_sent *sent[QUIC_SIDES][QUIC_SPACES]; /* NULL until used */
  quic_rtt share[QUIC_SIDES];
  quic_rtt whole[QUIC_SIDES];
  quic_duration loss_delay[QUIC_SIDES]; /* of |whole| */
  quic_duration pto[QUIC_SIDES];        /* of |whole|, without max_ack_delay */
  quic_recovery_limits limits[QUIC_SIDES];
  uint8_t discarded; /* spaces below are over */
} quic_recovery;

void quic_recovery_init(quic_recovery *r, const quic_mem *mem, int endpoint,
                        qlog_sink *inferred);
void quic_recovery_free(quic_recovery *r);

/* quic_recovery_packet enters the packet |at| of |octets| with |flags| of
   quic_sent.  Returns what quic_sent_packet returns. */
int quic_recovery_packet(quic_recovery *r, const quic_mark *at,
                         quic_space space, uint64_t octets, unsigned flags);

/* quic_recovery_ack applies an ACK frame in the packet |at|, whose delay is
   scaled by |exponent| in 1-RTT. */
void quic_recovery_ack(quic_recovery *r, const quic_mark *at, quic_space space,
                       const quic_frame *ack, unsigned exponent,
                       bool confirmed);

/* quic_recovery_discard ends the spaces below |space|. */
void quic_recovery_discard(quic_recovery *r, quic_space space);

/* quic_recovery_pto returns the PTO of |side| in |space|. */
quic_duration quic_recovery_pto(const quic_recovery *r, int side,
                                quic_space space);

/* quic_recovery_holes: packets of |side| may be missing in the trace. */
bool quic_recovery_holes(const quic_recovery *r, int side, quic_space space);

/* quic_recovery_sum adds up the counts of all spaces of |side|. */
void quic_recovery_sum(const quic_recovery *r, int side, quic_sent_counts *out);

#endif /* !defined(QUIC_ANALYSIS_RECOVERY_H) */
